//! Calls in the name of users and services.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use orchard_testkit::keys::{DevKeys, user_id};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::Addresses;
use crate::grpc::status;

const TTL: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(10);
const LABELS: Uuid = Uuid::from_u128(0x6f72_6368_6172_6440_8000_0064_656d_6f21);

/// Channels, and the keys to sign tokens with.
pub struct Calls<'a> {
    keys: &'a DevKeys,
    /// Everything that users may call.
    pub edge: Channel,
    /// For what only services may call.
    pub family: Channel,
    /// For what only services may call.
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

    /// A user's request.
    pub fn user<T>(&self, name: &str, message: T) -> Result<Request<T>> {
        request(message, &self.keys.user_token(user_id(name), &[], TTL)?)
    }

    /// An operator's request.
    pub fn operator<T>(&self, message: T) -> Result<Request<T>> {
        request(message, &self.keys.user_token(user_id("operator"), &["operator"], TTL)?)
    }

    /// A service's request.
    pub fn service<T>(&self, name: &str, message: T) -> Result<Request<T>> {
        request(message, &self.keys.workload_token(name, TTL)?)
    }
}

/// The same for the same label, always.
pub fn request_id(label: &str) -> String {
    Uuid::new_v5(&LABELS, label.as_bytes()).to_string()
}

/// The answer, or which call was refused and why.
pub fn answer<T>(call: &str, result: Result<Response<T>, Status>) -> Result<T> {
    result.map(Response::into_inner).map_err(|refusal| anyhow!("the demo's {call} was refused: {}", status::describe(&refusal)))
}

fn request<T>(message: T, token: &str) -> Result<Request<T>> {
    let mut request = Request::new(message);
    let value: AsciiMetadataValue = format!("Bearer {token}").parse().context("a token is no header")?;
    request.metadata_mut().insert("authorization", value);
    request.set_timeout(LIMIT);
    Ok(request)
}
