//! Calls another slice: its channel, the workload's token, the user's token beside it.

mod workload;

use std::sync::Arc;
use std::time::Duration;

use orchard_rpc::USER_TOKEN;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};

pub use workload::{InvalidKey, Workload};

/// Longest wait for a connection to a service that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A peer that is silent this long while calls are open is asked whether it lives, and given as long again to say so.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Another service, as one of ours calls it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Upstream {
    name: &'static str,
    channel: Channel,
    workload: Arc<Workload>,
}

impl Upstream {
    /// The service `name` at `address`. It is connected to by the first call, and again after each loss.
    pub fn new(name: &'static str, address: Uri, workload: Arc<Workload>) -> Self {
        let channel = Endpoint::from(address)
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .tcp_nodelay(true)
            .connect_lazy();
        Self { name, channel, workload }
    }

    /// Its name, such as `family`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The bare channel, for requests that carry their caller's own token.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A channel that calls as this workload, on behalf of the user whose token is given.
    pub fn on_behalf_of(&self, user_token: &str) -> Result<InterceptedService<Channel, Credentials>, Unsendable> {
        let user_token = bearer(user_token)?;
        let workload_token = bearer(&self.workload.token()?)?;
        Ok(InterceptedService::new(self.channel.clone(), Credentials { workload_token, user_token }))
    }
}

fn bearer(token: &str) -> Result<MetadataValue<tonic::metadata::Ascii>, Unsendable> {
    let mut value: MetadataValue<_> = format!("Bearer {token}").parse().map_err(|_| Unsendable::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why a call on behalf of a user cannot be made: a fault of the caller's own.
#[derive(Debug, thiserror::Error)]
pub enum Unsendable {
    /// A token has characters that no header can carry.
    #[error("a token cannot be sent")]
    Token,
    /// The workload cannot sign.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

/// The tokens of a call from one service to another for a user.
#[derive(Debug, Clone)]
pub struct Credentials {
    workload_token: MetadataValue<tonic::metadata::Ascii>,
    user_token: MetadataValue<tonic::metadata::Ascii>,
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.workload_token.clone());
        metadata.insert(USER_TOKEN, self.user_token.clone());
        Ok(request)
    }
}
