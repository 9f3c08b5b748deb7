//! What a status says, as a client reads it.

use std::path::Path;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The environment variable that names a folder in which each reason that a test looks at leaves a file, `<domain> <reason>`.
/// `cargo xtask test` sets it for a whole run, and then knows which reasons no test has produced.
pub const SEEN_REASONS: &str = "ORCHARD_TEST_REASONS";

/// Code, reason and domain.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// `ErrorInfo.reason`.
    pub reason: String,
    /// `ErrorInfo.domain`.
    pub domain: String,
}

/// Why a call was refused. A status without `ErrorInfo` has an empty reason and domain.
pub fn refusal(status: &Status) -> Refusal {
    let info = status.get_details_error_info();
    let (reason, domain) = info.map(|info| (info.reason, info.domain)).unwrap_or_default();
    if let Some(folder) = std::env::var_os(SEEN_REASONS).filter(|_| !reason.is_empty()) {
        // What is not noted is missed when the run ends.
        let _ = std::fs::write(Path::new(&folder).join(format!("{domain} {reason}")), "");
    }
    Refusal { code: status.code(), reason, domain }
}

/// The code and reason of a call that must have been refused.
///
/// # Panics
/// When it was answered.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    match answer {
        Err(status) => {
            let Refusal { code, reason, .. } = refusal(&status);
            (code, reason)
        }
        Ok(answer) => unexpected(&answer),
    }
}

/// The paths of the fields that a call was refused for.
///
/// # Panics
/// When it was answered.
#[track_caller]
pub fn violations<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    match answer {
        Err(status) => violations_of(&status),
        Ok(answer) => unexpected(&answer),
    }
}

/// The paths of the fields that a status names; none if the call was refused for another reason.
pub fn violations_of(status: &Status) -> Vec<String> {
    refusal(status);
    let violations = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

/// A value of `ErrorInfo.metadata`.
pub fn metadata(status: &Status, key: &str) -> Option<String> {
    status.get_details_error_info()?.metadata.remove(key)
}

#[track_caller]
#[expect(clippy::panic, reason = "an assertion of tests")]
fn unexpected(answer: &dyn std::fmt::Debug) -> ! {
    panic!("the call should have been refused, and was answered with {answer:?}")
}
