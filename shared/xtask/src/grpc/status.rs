//! Formats a status for people.

use orchard_rpc::code_name;
use tonic::Status;
use tonic_types::StatusExt as _;

/// Returns the code and message, then one line for each detail.
pub fn describe(status: &Status) -> String {
    let mut lines = vec![format!("{}: {}", code_name(status.code()), status.message())];
    let details = status.get_error_details();
    if let Some(info) = details.error_info() {
        lines.push(format!("  reason: {} ({})", info.reason, info.domain));
        let mut metadata: Vec<_> = info.metadata.iter().collect();
        metadata.sort();
        lines.extend(metadata.into_iter().map(|(key, value)| format!("  {key}: {value}")));
    }
    if let Some(bad) = details.bad_request() {
        lines.extend(
            bad.field_violations.iter().map(|violation| format!("  field {}: {}", violation.field, violation.description)),
        );
    }
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        lines.push(format!("  retry after: {:.3} s", delay.as_secs_f64()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn every_detail_has_a_line() {
        let mut details = ErrorDetails::new();
        details.set_error_info("FIELDS_INVALID", "orchard.family", [("max_members".to_owned(), "6".to_owned())]);
        details.add_bad_request_violation("plan.family_name", "must not be empty");
        details.set_retry_info(Some(std::time::Duration::from_millis(250)));
        let status = Status::with_error_details(Code::InvalidArgument, "fields are refused", details);
        let expected = "INVALID_ARGUMENT: fields are refused\n  reason: FIELDS_INVALID (orchard.family)\n  max_members: 6\n  \
            field plan.family_name: must not be empty\n  retry after: 0.250 s";
        assert_eq!(describe(&status), expected);
        assert_eq!(describe(&Status::not_found("gone")), "NOT_FOUND: gone");
    }
}
