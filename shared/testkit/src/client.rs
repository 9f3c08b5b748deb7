//! Calls as somebody.

use std::time::Duration;

use anyhow::Context as _;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

/// A channel that sends headers with every call.
pub type Client = InterceptedService<Channel, Headers>;

/// Headers of every call.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(&'static str, MetadataValue<tonic::metadata::Ascii>)>);

impl Headers {
    /// No headers: a caller without a token.
    pub fn none() -> Self {
        Self::default()
    }

    /// A bearer token.
    pub fn bearer(token: &str) -> anyhow::Result<Self> {
        Self::none().with("authorization", token)
    }

    /// One more header with a bearer token.
    pub fn with(mut self, name: &'static str, token: &str) -> anyhow::Result<Self> {
        self.0.push((name, format!("Bearer {token}").parse().context("the token cannot be sent")?));
        Ok(self)
    }

    /// A channel that sends them.
    pub fn on(self, channel: Channel) -> Client {
        InterceptedService::new(channel, self)
    }
}

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for (name, value) in &self.0 {
            request.metadata_mut().insert(*name, value.clone());
        }
        Ok(request)
    }
}

/// The longest that [`insist`] waits. A service that is busy says less.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls again while the service says that it is busy, as clients are told to.
pub async fn insist<T, F>(mut call: impl FnMut() -> F) -> Result<T, Status>
where
    F: Future<Output = Result<T, Status>>,
{
    loop {
        match call().await {
            Err(status) => match status.get_details_retry_info().and_then(|info| info.retry_delay) {
                Some(delay) if delay < PATIENCE => tokio::time::sleep(delay).await,
                Some(_) | None => return Err(status),
            },
            answered => return answered,
        }
    }
}
