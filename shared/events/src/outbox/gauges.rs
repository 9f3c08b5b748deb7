//! Gauges of a consumer's backlog.

use std::convert::Infallible;
use std::time::Duration;

use chrono::Utc;
use metrics::{Gauge, gauge};
use orchard_db::{Db, Failure};

use super::store;

/// The time between two counts.
const PERIOD: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Gauges {
    consumer: &'static str,
    pending: Gauge,
    oldest: Gauge,
    deferred: Gauge,
    parked: Gauge,
}

impl Gauges {
    pub(super) fn new(consumer: &'static str) -> Self {
        metrics::describe_counter!("orchard_outbox_delivered_events_total", "Events that the consumer has applied.");
        metrics::describe_counter!("orchard_outbox_refused_events_total", "Deliveries that the consumer refused.");
        metrics::describe_gauge!("orchard_outbox_pending_events", "Events that are not delivered to the consumer yet");
        metrics::describe_gauge!("orchard_outbox_oldest_event_seconds", "Age of the oldest pending event; 0 without one");
        metrics::describe_gauge!(
            "orchard_outbox_deferred_events",
            "Events that wait for another attempt, because the consumer refused them or failed with them alone"
        );
        metrics::describe_gauge!(
            "orchard_outbox_parked_events",
            "Events that the consumer kept refusing, which wait for an operator"
        );
        Self {
            consumer,
            pending: gauge!("orchard_outbox_pending_events", "consumer" => consumer),
            oldest: gauge!("orchard_outbox_oldest_event_seconds", "consumer" => consumer),
            deferred: gauge!("orchard_outbox_deferred_events", "consumer" => consumer),
            parked: gauge!("orchard_outbox_parked_events", "consumer" => consumer),
        }
    }

    /// Counts repeatedly until dropped.
    pub(super) async fn keep(&self, db: &Db) -> Infallible {
        let mut ticks = tokio::time::interval(PERIOD);
        loop {
            ticks.tick().await;
            if let Err(cause) = self.count(db).await {
                tracing::debug!(consumer = self.consumer, %cause, "events cannot be counted");
            }
        }
    }

    async fn count(&self, db: &Db) -> Result<(), Failure> {
        let backlog = store::backlog(&mut *db.connection().await?, self.consumer).await?;
        let age = backlog.oldest.map_or(0.0, |oldest| (Utc::now() - oldest).as_seconds_f64().max(0.0));
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let number = |count: i64| count as f64;
        self.pending.set(number(backlog.pending));
        self.oldest.set(age);
        self.deferred.set(number(backlog.deferred));
        self.parked.set(number(backlog.parked));
        Ok(())
    }
}
