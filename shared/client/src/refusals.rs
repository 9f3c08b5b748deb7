//! The statuses of calls that the upstream did not answer.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{MAX_METADATA_BYTES, common, overloaded, unanswered};
use tonic::Status;

use crate::connection::Failure;

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

    /// The last attempt has no answer.
    pub(crate) fn failed(&self, failure: &Failure) -> Status {
        match failure {
            Failure::Full => overloaded().into_status(&self.domain),
            Failure::Http(status) => self.http(*status),
            Failure::Unreachable(_)
            | Failure::Closed(_)
            | Failure::NotTaken(_)
            | Failure::Calmed(_)
            | Failure::Lost(_)
            | Failure::Broken(_)
            | Failure::Reset(_)
            | Failure::Unreadable(_) => self.unavailable(failure),
        }
    }

    /// The answer is not one of gRPC. Its status is mapped as gRPC says, but for what has a reason of its own here.
    fn http(&self, status: StatusCode) -> Status {
        let reason = match status {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => return self.metadata_too_large(),
            StatusCode::PAYLOAD_TOO_LARGE => ErrorReason::MessageTooLarge,
            StatusCode::UNAUTHORIZED => ErrorReason::TokenInvalid,
            StatusCode::FORBIDDEN => ErrorReason::CallerNotAdmitted,
            StatusCode::NOT_FOUND => ErrorReason::MethodUnknown,
            _ if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => ErrorReason::Internal,
            _ => return self.unavailable(status),
        };
        tracing::warn!(upstream = self.upstream, %status, "the answer is not one of gRPC");
        let said = format!("the {} service answered with HTTP status {}", self.upstream, status.as_u16());
        common(reason, said).with("upstream", self.upstream).into_status(&self.domain)
    }

    pub(crate) fn metadata_too_large(&self) -> Status {
        let said = format!("the metadata is larger than {MAX_METADATA_BYTES} bytes");
        common(ErrorReason::MetadataTooLarge, said).with("limit", MAX_METADATA_BYTES).into_status(&self.domain)
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
        let refusal = unanswered(self.upstream);
        let refusal = match retry_after {
            Some(delay) => refusal.retry_after(delay),
            None => refusal,
        };
        refusal.into_status(&self.domain)
    }
}
