//! A refused call, before it is a `google.rpc.Status`.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use orchard_proto::rpc::v1::ErrorReason;
use orchard_proto::{consultation, events, family, privacy, recipe, rpc, social};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::Violations;

/// Delay that an overloaded service asks its callers for.
const OVERLOAD_RETRY: Duration = Duration::from_millis(500);

/// A value of a package's `ErrorReason`.
pub trait Reason {
    /// The name as `ErrorInfo.reason` carries it: the value's name without the enum's prefix, such as `PLAN_FULL`.
    fn name(&self) -> &'static str;
}

macro_rules! reasons {
    ($($package:ident),+) => {$(
        impl Reason for $package::v1::ErrorReason {
            fn name(&self) -> &'static str {
                let name = self.as_str_name();
                name.strip_prefix("ERROR_REASON_").unwrap_or(name)
            }
        }
    )+};
}

reasons!(rpc, events, privacy, family, social, recipe, consultation);

/// A refused call: everything that its status says except the domain.
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
    /// A refusal with a code, a reason of the package's `ErrorReason`, and a message for a developer.
    pub fn new(code: Code, reason: impl Reason, message: impl ToString) -> Self {
        let (reason, message) = (reason.name(), message.to_string());
        Self { code, reason, message, metadata: HashMap::new(), violations: None, retry_after: None }
    }

    /// Adds an entry to `ErrorInfo.metadata`. Callers branch on these, so keys are part of the contract.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Puts `prefix` before the message.
    #[must_use]
    pub fn prefixed(mut self, prefix: &str) -> Self {
        self.message.insert_str(0, prefix);
        self
    }

    /// Tells the caller when to try again, as `google.rpc.RetryInfo`.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Returns the status as sent. `domain` is that of the answering service, such as `orchard.family`.
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

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        let mut refusal = common(ErrorReason::FieldsInvalid, violations.to_string());
        refusal.violations = Some(violations);
        refusal
    }
}

/// Returns a refusal that any service may answer with, with the code that `orchard.rpc.v1.ErrorReason` documents.
pub fn common(reason: ErrorReason, message: impl ToString) -> Refusal {
    let code = match reason {
        ErrorReason::FieldsInvalid | ErrorReason::MessageMalformed => Code::InvalidArgument,
        ErrorReason::MessageTooLarge | ErrorReason::MetadataTooLarge | ErrorReason::Overloaded => Code::ResourceExhausted,
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
    Refusal::new(code, reason, message)
}

/// Returns the refusal of a service that has more work than it can do.
pub fn overloaded() -> Refusal {
    common(ErrorReason::Overloaded, "the service is at its limit").retry_after(OVERLOAD_RETRY)
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
