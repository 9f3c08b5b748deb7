//! The statuses of calls that the upstream did not answer.

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::common;
use tonic::Status;

/// Makes statuses in the name of the calling service. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Refusals {
    upstream: &'static str,
    domain: Arc<str>,
}

impl Refusals {
    pub(crate) fn new(upstream: &'static str, domain: &str) -> Self {
        Self { upstream, domain: domain.into() }
    }

    /// The upstream does not answer. The cause is logged and not sent.
    pub(crate) fn unavailable(&self, cause: impl std::fmt::Display) -> Status {
        tracing::warn!(upstream = self.upstream, %cause, "no answer from the upstream");
        self.upstream_unavailable(None)
    }

    /// The circuit breaker is open.
    pub(crate) fn circuit_open(&self, retry_after: Duration) -> Status {
        tracing::debug!(upstream = self.upstream, ?retry_after, "the circuit breaker is open");
        self.upstream_unavailable(Some(retry_after))
    }

    pub(crate) fn late(&self) -> Status {
        let refusal = common(ErrorReason::DeadlineExceeded, format!("the {} service did not answer in time", self.upstream));
        refusal.with("upstream", self.upstream).into_status(&self.domain)
    }

    pub(crate) fn too_large(&self, limit: usize) -> Status {
        common(ErrorReason::MessageTooLarge, format!("the request is larger than {limit} bytes")).into_status(&self.domain)
    }

    /// The caller's own request broke off before its end.
    pub(crate) fn broken_request(&self) -> Status {
        common(ErrorReason::MessageMalformed, "the request broke off").into_status(&self.domain)
    }

    fn upstream_unavailable(&self, retry_after: Option<Duration>) -> Status {
        let refusal = common(ErrorReason::UpstreamUnavailable, format!("the {} service does not answer", self.upstream))
            .with("upstream", self.upstream);
        let refusal = match retry_after {
            Some(delay) => refusal.retry_after(delay),
            None => refusal,
        };
        refusal.into_status(&self.domain)
    }
}
