//! A refused call, before it is a `google.rpc.Status`.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use orchard_proto::rpc::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{Reason, Violations, code_name};

/// Delay that an overloaded service asks its callers for.
const OVERLOAD_RETRY: Duration = Duration::from_millis(500);

/// The most bytes that a status takes in headers, its message and details together. Clients accept about 8 KiB of headers.
const MAX_STATUS_BYTES: usize = 6 * 1024;
/// The most bytes that its message takes in a header.
const MAX_MESSAGE_BYTES: usize = 1_500;
/// Room for what every status has besides message, metadata and violations, as bytes of its details.
const FIXED_BYTES: usize = 400;
/// Room for tags and lengths of an entry.
const ENTRY_BYTES: usize = 12;

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

    /// Returns whether this is the reason.
    pub fn is(&self, reason: impl Reason) -> bool {
        self.reason == reason.name()
    }

    /// Returns the reason, such as `PLAN_FULL`.
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// Returns the code and the reason, such as `FAILED_PRECONDITION PLAN_FULL`. They name nobody, and the message may.
    pub fn name(&self) -> String {
        format!("{} {}", code_name(self.code), self.reason)
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
    ///
    /// Whatever its parts are, it fits into headers: a message that is too long is cut. Metadata, the shortest first, and then violations
    /// are added while there is room, and the message says how many are left out.
    pub fn into_status(self, domain: &str) -> Status {
        let mut message = cut(self.message, MAX_MESSAGE_BYTES);
        let encoded = (MAX_STATUS_BYTES - in_header(&message)) / 4 * 3;
        let mut room = encoded.saturating_sub(FIXED_BYTES + message.len() + domain.len());
        let mut left_out = 0;
        let mut fits = |one: &str, other: &str| {
            let left = room.checked_sub(one.len() + other.len() + ENTRY_BYTES);
            left_out += usize::from(left.is_none());
            room = left.unwrap_or(room);
            left.is_some()
        };
        let mut metadata: Vec<_> = self.metadata.into_iter().collect();
        metadata.sort_unstable_by(|a, b| (a.1.len(), &a.0).cmp(&(b.1.len(), &b.0)));
        metadata.retain(|(key, value)| fits(key, value));
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason, domain, metadata.into_iter().collect::<HashMap<_, _>>());
        for (field, description) in self.violations.into_iter().flatten() {
            if fits(&field, &description) {
                details.add_bad_request_violation(field, description);
            }
        }
        if let Some(delay) = self.retry_after {
            details.set_retry_info(Some(delay));
        }
        if left_out > 0 {
            message.push_str(&format!("; and {left_out} more details"));
        }
        Status::with_error_details(self.code, message, details)
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

/// Returns the beginning of a text that takes at most `most` bytes in a header.
fn cut(mut text: String, most: usize) -> String {
    let mut length = 0;
    let end = text.char_indices().find(|(at, char)| {
        length += in_header(&text[*at..at + char.len_utf8()]);
        length > most
    });
    if let Some((end, _)) = end {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// Returns the length of a text in a header, where gRPC percent-encodes it.
fn in_header(text: &str) -> usize {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"#%<>`?{}".contains(byte);
    text.bytes().map(|byte| if is_plain(&byte) { 1 } else { 3 }).sum()
}

/// Returns a refusal that any service may answer with, with the code that `orchard.rpc.v1.ErrorReason` documents.
pub fn common(reason: ErrorReason, message: impl ToString) -> Refusal {
    let code = match reason {
        ErrorReason::FieldsInvalid | ErrorReason::MessageMalformed | ErrorReason::TimeoutMalformed => Code::InvalidArgument,
        ErrorReason::MessageTooLarge | ErrorReason::MetadataTooLarge | ErrorReason::Overloaded | ErrorReason::RateLimited => {
            Code::ResourceExhausted
        }
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

/// Returns the refusal of a call that needs an answer of another service and has none.
pub fn unanswered(upstream: &str) -> Refusal {
    common(ErrorReason::UpstreamUnavailable, format!("the {upstream} service does not answer")).with("upstream", upstream)
}

/// Returns the refusal of a service that has more work than it can do.
pub fn overloaded() -> Refusal {
    common(ErrorReason::Overloaded, "the service is at its limit").retry_after(OVERLOAD_RETRY)
}

/// Returns the refusal of a caller who has as much of the service as one caller may have.
pub fn beyond_share() -> Refusal {
    common(ErrorReason::Overloaded, "the caller has its share of the service").retry_after(OVERLOAD_RETRY)
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

    /// Tries random parts, from nothing to far too much, of letters that take one byte in a header and of those that take twelve.
    #[test]
    fn every_status_fits_into_headers() {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..2_000 {
            let mut text = |most: usize| {
                let letter = random.choice(['a', ' ', '%', 'ü', '🍎']).expect("a letter");
                letter.to_string().repeat(random.usize(..=most))
            };
            let message = text(3_000);
            let mut violations = Violations::default();
            for _ in 0..round % 30 {
                violations.add(text(100), text(500));
            }
            let mut refusal = Refusal { message, ..Refusal::from(violations) };
            for key in 0..round % 40 {
                refusal = refusal.with(&format!("{key}{}", text(20)), text(5_000));
            }
            let wanted = refusal.metadata.len();
            let mut status = refusal.into_status("orchard.consultation");
            let headers = crate::status::trailers(&status);
            let length = |name: &str| headers.get(name).map_or(0, http::HeaderValue::len);
            let bytes = length("grpc-message") + length("grpc-status-details-bin");
            assert!(bytes <= MAX_STATUS_BYTES, "round {round}: {bytes}");
            let sent = status.get_details_error_info().expect("error info").metadata.len();
            assert!(sent == wanted || status.message().contains("; and "), "round {round}");
            // Short entries are never left out for a long one.
            status = Refusal::new(Code::Aborted, ErrorReason::ConflictingWrites, "")
                .with("long", text(9_000))
                .with("short", "1")
                .into_status("orchard.test");
            assert_eq!(status.get_details_error_info().expect("error info").metadata["short"], "1");
        }
    }
}
