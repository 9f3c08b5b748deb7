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
    pub fn on_behalf_of(&self, user_token: &str) -> Result<InterceptedService<Channel, Credentials>, Status> {
        let unsendable = |_| Status::internal("a token cannot be sent");
        let user_token = format!("Bearer {user_token}").parse().map_err(unsendable)?;
        let token = self.workload.token().map_err(|error| Status::internal(error.to_string()))?;
        let workload_token = format!("Bearer {token}").parse().map_err(unsendable)?;
        Ok(InterceptedService::new(self.channel.clone(), Credentials { workload_token, user_token }))
    }
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
