//! Calls with the tokens of users and services.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use orchard_testkit::keys::{DevKeys, user_id};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::grpc::status;

const TTL: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(10);
const LABELS: Uuid = Uuid::from_u128(0x6f72_6368_6172_6440_8000_0064_656d_6f21);

/// Addresses of the services that the demo calls.
#[derive(clap::Args, Clone, Debug)]
pub struct Addresses {
    /// Address of the edge.
    #[arg(long, value_name = "HOST:PORT")]
    pub edge: String,
    /// Address of the family service.
    #[arg(long, value_name = "HOST:PORT")]
    pub family: String,
    /// Address of the social service.
    #[arg(long, value_name = "HOST:PORT")]
    pub social: String,
}

/// Channels to the services, and the keys that sign tokens.
pub struct Calls<'a> {
    keys: &'a DevKeys,
    /// For calls of users.
    pub edge: Channel,
    /// For calls of services.
    pub family: Channel,
    /// For calls of services.
    pub social: Channel,
}

impl<'a> Calls<'a> {
    /// Connects to the services.
    pub async fn connect(keys: &'a DevKeys, addresses: &Addresses) -> Result<Self> {
        let to = async |address: &str| -> Result<Channel> {
            let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
            endpoint.connect().await.with_context(|| format!("cannot connect to {address}"))
        };
        let Addresses { edge, family, social } = addresses;
        Ok(Self { keys, edge: to(edge).await?, family: to(family).await?, social: to(social).await? })
    }

    /// Builds a user's request.
    pub fn user<T>(&self, name: &str, message: T) -> Result<Request<T>> {
        request(message, &self.keys.user_token(user_id(name), &[], TTL)?)
    }

    /// Builds an operator's request.
    pub fn operator<T>(&self, message: T) -> Result<Request<T>> {
        request(message, &self.keys.user_token(user_id("operator"), &["operator"], TTL)?)
    }

    /// Builds a request of another operator, who decides about what the first one has entered.
    pub fn verifier<T>(&self, message: T) -> Result<Request<T>> {
        request(message, &self.keys.user_token(user_id("verifier"), &["operator"], TTL)?)
    }

    /// Builds a moderator's request.
    pub fn moderator<T>(&self, message: T) -> Result<Request<T>> {
        request(message, &self.keys.user_token(user_id("moderator"), &["moderator"], TTL)?)
    }

    /// Builds a service's request.
    pub fn service<T>(&self, name: &str, message: T) -> Result<Request<T>> {
        request(message, &self.keys.workload_token(name, TTL)?)
    }
}

/// Returns the id of the request with this label.
pub fn request_id(label: &str) -> String {
    Uuid::new_v5(&LABELS, label.as_bytes()).to_string()
}

/// Returns the response, or an error that names the call.
pub fn answer<T>(call: &str, result: Result<Response<T>, Status>) -> Result<T> {
    result.map(Response::into_inner).map_err(|refusal| anyhow!("the demo's {call} was refused: {}", status::describe(&refusal)))
}

fn request<T>(message: T, token: &str) -> Result<Request<T>> {
    let mut request = Request::new(message);
    let value: AsciiMetadataValue = format!("Bearer {token}").parse().context("the token is not a valid header")?;
    request.metadata_mut().insert("authorization", value);
    request.set_timeout(LIMIT);
    Ok(request)
}
