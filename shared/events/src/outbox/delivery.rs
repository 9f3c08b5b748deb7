//! Delivery of events to a consumer, and the record of what it refuses.

use std::collections::HashSet;
use std::time::Duration;

use orchard_client::{Unsendable, Upstream};
use orchard_db::{Db, Failure};
use orchard_proto::events::v1 as pb;
use orchard_proto::events::v1::inbox_service_client::InboxServiceClient;
use orchard_rpc::code_name;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::options::RelayOptions;
use super::store::{self, Next, Pending};
use super::wire;

/// The longest wait before a refused event is retried.
const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// Why events were not delivered, other than being refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undelivered {
    /// The consumer does not answer, or cannot take events now.
    #[error("the consumer cannot be reached: {0}")]
    Unavailable(#[from] Box<Status>),
    /// The call cannot be made.
    #[error(transparent)]
    Unsendable(#[from] Unsendable),
    /// This slice's database failed.
    #[error(transparent)]
    Database(#[from] Failure),
}

impl From<diesel::result::Error> for Undelivered {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The events that a refused call blames.
#[derive(Debug, PartialEq, Eq)]
enum Blame {
    /// No event.
    None,
    /// The event at this index.
    Event(usize),
    /// One of the events.
    OneOfThem,
}

/// Delivers to one consumer.
#[derive(Debug)]
pub(super) struct Delivery {
    db: Db,
    upstream: Upstream,
    options: RelayOptions,
    delivered: metrics::Counter,
    refused: metrics::Counter,
}

impl Delivery {
    pub(super) fn new(db: &Db, upstream: Upstream, options: &RelayOptions) -> Self {
        let consumer = upstream.name();
        Self {
            db: db.clone(),
            upstream,
            options: options.clone(),
            delivered: metrics::counter!("orchard_outbox_delivered_events_total", "consumer" => consumer),
            refused: metrics::counter!("orchard_outbox_refused_events_total", "consumer" => consumer),
        }
    }

    /// Delivers a batch in two halves at once: while the consumer decodes one, its database writes the other. All events of an aggregate
    /// are in the same half.
    pub(super) async fn deliver(&self, batch: Vec<Pending>) -> Result<(), Undelivered> {
        let (one, other) = batch.into_iter().partition(|event| event.aggregate_id.as_u128() & 1 == 0);
        // `join`, not `try_join`: a call in progress has its effect either way.
        let (one, other) = futures::join!(self.deliver_in_turn(one), self.deliver_in_turn(other));
        one.and(other)
    }

    /// Delivers events in order. A refused event blocks its own aggregate only.
    async fn deliver_in_turn(&self, batch: Vec<Pending>) -> Result<(), Undelivered> {
        let mut rest = vec![batch];
        let mut blocked = HashSet::new();
        while let Some(mut batch) = rest.pop() {
            // Earlier events of a blocked aggregate remain due, and the next sweep finds them.
            batch.retain(|event| !blocked.contains(&event.aggregate_id));
            if batch.is_empty() {
                continue;
            }
            let Err(status) = self.send(&batch).await? else {
                self.delete(&batch).await?;
                continue;
            };
            match blame(&status, &batch, self.upstream.name()) {
                Blame::None => return Err(Undelivered::Unavailable(Box::new(status))),
                Blame::Event(index) => {
                    if let Some(event) = batch.get(index) {
                        blocked.insert(event.aggregate_id);
                        self.refuse(event, &status).await?;
                    }
                    rest.push(batch);
                }
                // Bisects the batch, the earlier half first, until a batch has one event.
                Blame::OneOfThem => {
                    rest.push(batch.split_off(batch.len() / 2));
                    rest.push(batch);
                }
            }
        }
        Ok(())
    }

    async fn send(&self, batch: &[Pending]) -> Result<Result<(), Status>, Undelivered> {
        let request = pb::DeliverEventsRequest { events: batch.iter().map(wire::event).collect() };
        let mut client = InboxServiceClient::new(self.upstream.as_service()?);
        Ok(client.deliver_events(request).await.map(drop))
    }

    async fn delete(&self, batch: &[Pending]) -> Result<(), Undelivered> {
        let positions: Vec<i64> = batch.iter().map(|event| event.position).collect();
        store::delete(&mut *self.db.connection().await?, self.upstream.name(), &positions).await?;
        self.delivered.increment(batch.len() as u64);
        Ok(())
    }

    async fn refuse(&self, event: &Pending, status: &Status) -> Result<(), Undelivered> {
        let (consumer, next) = (self.upstream.name(), next(&self.options, event.attempts() + 1));
        let said = refusal(status);
        tracing::warn!(consumer, event_id = %event.event_id, event_type = event.event_type, refusal = said, ?next, "an event was refused");
        self.refused.increment(1);
        match store::record_refusal(&mut *self.db.connection().await?, consumer, event, &said, next).await.map_err(Failure::from)
        {
            // Another replica has delivered it in the meantime.
            Err(Failure::Constraint { name, .. }) if name == "outbox_failures_event_fkey" => Ok(()),
            noted => Ok(noted?),
        }
    }
}

/// Returns what happens after so many attempts.
fn next(options: &RelayOptions, attempts: i32) -> Next {
    if attempts >= i32::from(options.event_attempts) {
        return Next::Park;
    }
    let doubled = 2_u32.saturating_pow(attempts.unsigned_abs().saturating_sub(1));
    Next::RetryIn(options.event_retry_delay.saturating_mul(doubled).min(LONGEST_DELAY))
}

/// Returns code and reason, such as `FAILED_PRECONDITION EVENT_REJECTED`.
fn refusal(status: &Status) -> String {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    format!("{} {reason}", code_name(status.code())).trim_end().to_owned()
}

/// Returns the events that an answer blames: none, unless it comes from the consumer itself and is not about the consumer's own state.
fn blame(status: &Status, batch: &[Pending], consumer: &str) -> Blame {
    let Some(info) = status.get_details_error_info().filter(|info| info.domain == format!("orchard.{consumer}")) else {
        return Blame::None;
    };
    let named = info.metadata.get("event_id").and_then(|id| batch.iter().position(|event| event.event_id.to_string() == *id));
    match status.code() {
        // The consumer is overloaded, stopping, of an older release, or does not trust this service.
        Code::Ok
        | Code::Cancelled
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Unavailable
        | Code::Unimplemented
        | Code::Unauthenticated
        | Code::PermissionDenied => Blame::None,
        Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Internal
        | Code::DataLoss => match (named, batch) {
            (Some(index), _) => Blame::Event(index),
            (None, [_only]) => Blame::Event(0),
            (None, _) => Blame::OneOfThem,
        },
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
    fn each_refusal_doubles_the_delay_until_the_event_is_parked() {
        let options = RelayOptions { event_attempts: 12, event_retry_delay: Duration::from_secs(1) };
        let waits = [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (11, 300)];
        for (attempts, seconds) in waits {
            assert_eq!(next(&options, attempts), Next::RetryIn(Duration::from_secs(seconds)), "{attempts}");
        }
        assert_eq!((next(&options, 12), next(&options, 13)), (Next::Park, Next::Park));
    }

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
            (says(Common::Internal), Blame::OneOfThem),
            (says(Common::FieldsInvalid), Blame::OneOfThem),
            (says(Common::DeadlineExceeded), Blame::OneOfThem),
            (says(Common::DatabaseUnavailable), Blame::None),
            (says(Common::ConflictingWrites), Blame::None),
            (says(Common::CallerNotAdmitted), Blame::None),
            (says(Common::MethodUnknown), Blame::None),
            (overloaded().into_status("orchard.social"), Blame::None),
            // An intermediary's answer says nothing about the event.
            (common(Common::DeadlineExceeded, "no").into_status("orchard.family"), Blame::None),
            (Status::internal("a proxy"), Blame::None),
        ];
        for (status, blamed) in table {
            assert_eq!(blame(&status, &batch, "social"), blamed, "{status}");
        }
        assert_eq!(blame(&says(Common::Internal), &batch[..1], "social"), Blame::Event(0));
    }
}
