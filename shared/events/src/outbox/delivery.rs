//! Delivery of events to a consumer, and the record of those that it does not take.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use orchard_client::{Unsendable, Upstream};
use orchard_db::{Db, Failure};
use orchard_proto::events::v1 as pb;
use orchard_proto::events::v1::inbox_service_client::InboxServiceClient;
use orchard_rpc::code_name;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::blame::{Blame, blame};
use super::options::RelayOptions;
use super::store::{self, Next, Pending};
use super::wire;

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

/// What became of a batch.
#[derive(Debug, Default)]
struct Outcome {
    /// Whether the consumer took or refused any event, so that it is there.
    is_alive: bool,
    /// Events with which a call failed that had no other: they, or the consumer, are the cause.
    suspects: Vec<(Pending, Status)>,
}

/// Delivers to one consumer.
#[derive(Debug)]
pub(super) struct Delivery {
    db: Db,
    upstream: Upstream,
    options: RelayOptions,
    /// Aggregates of suspects from when the consumer took no event at all: they are tried last, so that others can show that it is there.
    suspected: Mutex<HashSet<Uuid>>,
    /// Whether the consumer took or refused any event since suspects were last judged.
    was_alive: AtomicBool,
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
            suspected: Mutex::default(),
            was_alive: AtomicBool::new(false),
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
        let (one, other) = (one?, other?);
        self.judge(Outcome {
            is_alive: one.is_alive || other.is_alive,
            suspects: one.suspects.into_iter().chain(other.suspects).collect(),
        })
        .await
    }

    /// Delivers events in order. An event that is not taken blocks its own aggregate only.
    async fn deliver_in_turn(&self, batch: Vec<Pending>) -> Result<Outcome, Undelivered> {
        let (others, suspected) = {
            let known = self.suspected();
            batch.into_iter().partition(|event| !known.contains(&event.aggregate_id))
        };
        let mut rest: Vec<Vec<Pending>> = vec![suspected, others];
        let (mut blocked, mut alone, mut outcome) = (HashSet::new(), 0, Outcome::default());
        while let Some(mut batch) = rest.pop() {
            // Later events of a blocked aggregate remain due, and the next sweep finds them.
            batch.retain(|event| !blocked.contains(&event.aggregate_id));
            if batch.is_empty() {
                continue;
            }
            let Err(status) = self.send(&batch).await? else {
                self.delete(&batch).await?;
                (outcome.is_alive, alone) = (true, 0);
                continue;
            };
            match blame(&status, &batch, self.upstream.name()) {
                Blame::Consumer => return Err(Undelivered::Unavailable(Box::new(status))),
                Blame::Event(index) => {
                    (outcome.is_alive, alone) = (true, 0);
                    if let Some(event) = batch.get(index) {
                        blocked.insert(event.aggregate_id);
                        self.refuse(event, &status).await?;
                    }
                    rest.push(batch);
                }
                // Bisects the batch, the earlier half first, until a batch has one event.
                Blame::OneOfThem | Blame::Unclear if batch.len() > 1 => {
                    rest.push(batch.split_off(batch.len() / 2));
                    rest.push(batch);
                }
                Blame::OneOfThem | Blame::Unclear => {
                    let suspects = batch.into_iter().map(|event| (event, status.clone()));
                    outcome.suspects.extend(suspects.inspect(|(event, _)| {
                        blocked.insert(event.aggregate_id);
                    }));
                    alone += 1;
                    // A second one in a row: it may be the consumer, which is not to be asked about each event.
                    if alone > 1 {
                        return Ok(outcome);
                    }
                }
            }
        }
        Ok(outcome)
    }

    /// Decides whether suspects are the cause: they are if the consumer took other events meanwhile.
    async fn judge(&self, outcome: Outcome) -> Result<(), Undelivered> {
        let Some((_, status)) = outcome.suspects.first() else {
            self.was_alive.fetch_or(outcome.is_alive, Ordering::Relaxed);
            return Ok(());
        };
        if !outcome.is_alive && !self.was_alive.swap(false, Ordering::Relaxed) {
            self.suspected().extend(outcome.suspects.iter().map(|(event, _)| event.aggregate_id));
            return Err(Undelivered::Unavailable(Box::new(status.clone())));
        }
        for (event, status) in &outcome.suspects {
            self.defer(event, status).await?;
        }
        self.suspected().clear();
        Ok(())
    }

    fn suspected(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.suspected.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Records that the consumer refused an event, which is parked if that has happened too often.
    async fn refuse(&self, event: &Pending, status: &Status) -> Result<(), Undelivered> {
        let attempts = event.attempts() + 1;
        let next = match attempts >= i32::from(self.options.event_attempts) {
            true => Next::Park,
            false => Next::RetryIn(self.options.delay(attempts)),
        };
        self.refused.increment(1);
        self.record(event, status, attempts, next).await
    }

    /// Records that calls with this event alone fail. It waits behind others, each time longer, and is never parked for it.
    async fn defer(&self, event: &Pending, status: &Status) -> Result<(), Undelivered> {
        let attempts = (event.attempts() + 1).min(i32::from(self.options.event_attempts) - 1).max(1);
        self.record(event, status, attempts, Next::RetryIn(self.options.delay(attempts))).await
    }

    async fn record(&self, event: &Pending, status: &Status, attempts: i32, next: Next) -> Result<(), Undelivered> {
        let (consumer, said) = (self.upstream.name(), said(status));
        tracing::warn!(consumer, event_id = %event.event_id, event_type = event.event_type, said, ?next, "an event was not taken");
        let connection = &mut *self.db.connection().await?;
        match store::record_failure(connection, consumer, event, attempts, &said, next).await.map_err(Failure::from) {
            // Another replica has delivered it in the meantime.
            Err(Failure::Constraint { name, .. }) if name == "outbox_failures_event_fkey" => Ok(()),
            noted => Ok(noted?),
        }
    }
}

/// Returns code and reason, such as `FAILED_PRECONDITION EVENT_REJECTED`.
fn said(status: &Status) -> String {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    format!("{} {reason}", code_name(status.code())).trim_end().to_owned()
}
