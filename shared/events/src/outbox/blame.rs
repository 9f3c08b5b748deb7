//! Whom a failed delivery blames: an event, or its consumer.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::store::Pending;

/// What a failed call blames.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The consumer, or what is between: events wait, and nothing is counted against them.
    Consumer,
    /// The event at this index, which the consumer refuses.
    Event(usize),
    /// One of the events, which the consumer refuses without naming it.
    OneOfThem,
    /// The consumer or one of the events: it may be slow or at fault by itself, or an event may make it so.
    Unclear,
}

/// Returns what an answer blames. Only a refusal that the consumer itself makes, and whose code speaks of the request, blames an event.
pub(super) fn blame(status: &Status, batch: &[Pending], consumer: &str) -> Blame {
    let info = status.get_details_error_info();
    let is_own = info.as_ref().is_some_and(|info| info.domain == format!("orchard.{consumer}"));
    match status.code() {
        // It does not trust this service, or is of an older release.
        Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented => Blame::Consumer,
        // A consumer that names a time to retry describes its own state, not the event.
        _ if status.get_details_retry_info().is_some() => Blame::Consumer,
        Code::InvalidArgument | Code::NotFound | Code::AlreadyExists | Code::FailedPrecondition | Code::OutOfRange if is_own => {
            let named = info.as_ref().and_then(|info| info.metadata.get("event_id"));
            let named = named.and_then(|id| batch.iter().position(|event| event.event_id.to_string() == *id));
            match (named, batch) {
                (Some(index), _) => Blame::Event(index),
                (None, [_only]) => Blame::Event(0),
                (None, _) => Blame::OneOfThem,
            }
        }
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Blame::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_proto::events::v1::ErrorReason as Reason;
    use orchard_proto::rpc::v1::ErrorReason as Common;
    use orchard_rpc::{Refusal, common, overloaded};
    use uuid::Uuid;

    #[test]
    fn only_the_consumers_own_refusal_blames_an_event() {
        let batch = [Pending::new(1, Uuid::from_u128(1)), Pending::new(2, Uuid::from_u128(2))];
        let rejected = |id: Uuid| {
            Refusal::new(Code::FailedPrecondition, Reason::EventRejected, "no").with("event_id", id).into_status("orchard.social")
        };
        let says = |reason: Common| common(reason, "no").into_status("orchard.social");
        let table = [
            (rejected(batch[1].event_id), Blame::Event(1)),
            (rejected(Uuid::nil()), Blame::OneOfThem),
            (says(Common::FieldsInvalid), Blame::OneOfThem),
            (says(Common::Internal), Blame::Unclear),
            (says(Common::DeadlineExceeded), Blame::Unclear),
            (says(Common::DatabaseUnavailable), Blame::Unclear),
            (says(Common::ConflictingWrites), Blame::Unclear),
            (Status::unknown("a fault"), Blame::Unclear),
            (says(Common::CallerNotAdmitted), Blame::Consumer),
            (says(Common::MethodUnknown), Blame::Consumer),
            (overloaded().into_status("orchard.social"), Blame::Consumer),
            // An intermediary's answer says nothing about the event.
            (common(Common::FieldsInvalid, "no").into_status("orchard.family"), Blame::Unclear),
            (Status::invalid_argument("a proxy"), Blame::Unclear),
        ];
        for (status, blamed) in table {
            assert_eq!(blame(&status, &batch, "social"), blamed, "{status}");
        }
        assert_eq!(blame(&says(Common::FieldsInvalid), &batch[..1], "social"), Blame::Event(0));
    }
}
