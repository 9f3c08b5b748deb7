//! What the end of an attempt tells about the health of its replica. Everything else asks here.
//!
//! Only what a replica did itself counts against it. What its caller chose (a deadline, too much metadata, a call given up) and what
//! became of a third service do not: otherwise one caller could take the replica away from all others.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::connection::Failure;

/// What an attempt tells about the replica's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered, even with a refusal.
    Good,
    /// It failed, or said that it cannot serve.
    Bad,
    /// Nothing is known.
    Unknown,
}

/// Returns what an answer tells, which is a refusal or a good one.
pub(crate) fn of_answer(refusal: Option<&Status>) -> Health {
    match refusal {
        None => Health::Good,
        Some(status) => match status.code() {
            Code::Unavailable if speaks_of_a_third(status) => Health::Unknown,
            Code::Unavailable => Health::Bad,
            // The deadline is the caller's. A machine that is silent is found by pings.
            Code::DeadlineExceeded | Code::ResourceExhausted => Health::Unknown,
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Internal
            | Code::DataLoss
            | Code::Unauthenticated => Health::Good,
        },
    }
}

/// Returns what an attempt without an answer tells.
pub(crate) fn of_failure(failure: &Failure) -> Health {
    match failure {
        Failure::Unreachable(_) | Failure::Closed(_) | Failure::Lost(_) | Failure::Broken(_) => Health::Bad,
        Failure::Http(status) if status.is_server_error() => Health::Bad,
        Failure::Http(_)
        | Failure::Full
        | Failure::NotTaken(_)
        | Failure::Calmed(_)
        | Failure::Reset(_)
        | Failure::Unreadable(_) => Health::Unknown,
    }
}

/// Returns whether an UNAVAILABLE refusal says that another service than the answering one is away.
pub(crate) fn speaks_of_a_third(status: &Status) -> bool {
    let info = status.get_details_error_info();
    info.is_some_and(|info| info.reason == "UPSTREAM_UNAVAILABLE" && info.metadata.contains_key("upstream"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use orchard_proto::rpc::v1::ErrorReason;
    use orchard_rpc::{common, overloaded};

    #[test]
    fn only_what_a_replica_did_itself_counts_against_it() {
        let says = |reason| common(reason, "").into_status("orchard.probe");
        let third = common(ErrorReason::UpstreamUnavailable, "").with("upstream", "family").into_status("orchard.probe");
        let answers = [
            (says(ErrorReason::DatabaseUnavailable), Health::Bad),
            (says(ErrorReason::ShuttingDown), Health::Bad),
            (Status::unavailable("a proxy"), Health::Bad),
            (third, Health::Unknown),
            (says(ErrorReason::DeadlineExceeded), Health::Unknown),
            (overloaded().into_status("orchard.probe"), Health::Unknown),
            (says(ErrorReason::Internal), Health::Good),
            (says(ErrorReason::FieldsInvalid), Health::Good),
        ];
        assert_eq!(of_answer(None), Health::Good);
        for (status, health) in answers {
            assert_eq!(of_answer(Some(&status)), health, "{status:?}");
        }
        assert_eq!(of_failure(&Failure::Http(StatusCode::BAD_GATEWAY)), Health::Bad);
        assert_eq!(of_failure(&Failure::Http(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)), Health::Unknown);
    }
}
