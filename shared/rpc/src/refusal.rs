//! A refused call, before it is a `google.rpc.Status`.

use std::collections::HashMap;
use std::time::Duration;

use orchard_proto::rpc::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::Violations;

/// Until a caller that was turned away should come back.
const RELIEF: Duration = Duration::from_millis(500);

/// Why a call is refused: everything that its status will say, but for the domain.
#[derive(Debug)]
pub struct Refusal {
    code: Code,
    reason: &'static str,
    message: String,
    metadata: HashMap<String, String>,
    violations: Option<Violations>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal for `reason`, the name of a value of the package's `ErrorReason`; see [`reason_name`].
    pub fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), metadata: HashMap::new(), violations: None, retry_after: None }
    }

    /// Adds to `ErrorInfo.metadata`. Callers branch on these, so keys are part of the contract.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Tells the caller when to come back, as `google.rpc.RetryInfo`.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// The status as sent. `domain` is the answering service's, such as `orchard.family`.
    pub fn into_status(self, domain: &str) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason, domain, self.metadata);
        if let Some(violations) = self.violations {
            for (field, description) in violations {
                details.add_bad_request_violation(field, description);
            }
        }
        if let Some(delay) = self.retry_after {
            details.set_retry_info(Some(delay));
        }
        Status::with_error_details(self.code, self.message, details)
    }
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        let mut refusal = common(ErrorReason::FieldsInvalid, violations.to_string());
        refusal.violations = Some(violations);
        refusal
    }
}

/// A refusal that any service may answer with, with the code that `orchard.rpc.v1.ErrorReason` documents.
pub fn common(reason: ErrorReason, message: impl Into<String>) -> Refusal {
    let code = match reason {
        ErrorReason::FieldsInvalid | ErrorReason::MessageMalformed => Code::InvalidArgument,
        ErrorReason::MessageTooLarge | ErrorReason::Overloaded => Code::ResourceExhausted,
        ErrorReason::MethodUnknown | ErrorReason::EncodingUnsupported => Code::Unimplemented,
        ErrorReason::TokenMissing | ErrorReason::TokenInvalid | ErrorReason::TokenExpired => Code::Unauthenticated,
        ErrorReason::CallerNotAdmitted => Code::PermissionDenied,
        ErrorReason::RequestIdReused => Code::AlreadyExists,
        ErrorReason::ConflictingWrites => Code::Aborted,
        ErrorReason::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorReason::DatabaseUnavailable
        | ErrorReason::UpstreamUnavailable
        | ErrorReason::ShuttingDown
        | ErrorReason::KeysUnavailable => Code::Unavailable,
        ErrorReason::Internal | ErrorReason::Unspecified => Code::Internal,
    };
    Refusal::new(code, reason_name(reason.as_str_name()), message)
}

/// What a caller is told by a service that has more work than it can do.
pub fn overloaded() -> Refusal {
    common(ErrorReason::Overloaded, "the service is at its limit").retry_after(RELIEF)
}

/// The name of an `ErrorReason` value as `ErrorInfo.reason` carries it: without the enum's prefix.
pub fn reason_name(value: &'static str) -> &'static str {
    value.strip_prefix("ERROR_REASON_").unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_carries_reason_domain_and_all_violations() {
        let mut violations = Violations::default();
        violations.add("a", "is required");
        violations.add("b.c", "is too long");
        let status = Refusal::from(violations).with("k", 7).into_status("orchard.test");
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let info = details.error_info().expect("error info");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("FIELDS_INVALID", "orchard.test"));
        assert_eq!(info.metadata["k"], "7");
        let fields: Vec<_> =
            details.bad_request().expect("bad request").field_violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(fields, ["a", "b.c"]);
    }
}
