//! Delivers what a slice has published, as long as the process lives.

use std::convert::Infallible;
use std::time::Duration;

use orchard_client::Upstream;
use orchard_db::Db;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::RelayOptions;
use super::delivery::{Delivery, Undelivered};
use super::gauges::Gauges;
use super::store;

/// Events that are sent at once; with the longest payloads they still fit into a request.
const BATCH: usize = 200;
/// How often a replica looks for what was left behind.
const PERIOD: Duration = Duration::from_secs(1);
/// How old an event is that was left behind: younger ones are being delivered by the replica that wrote them.
const GRACE: Duration = Duration::from_secs(1);
/// For how long a replica that has ended in mid-work keeps the others from it. A batch that takes longer may be sent by two.
const LEASE: Duration = Duration::from_secs(1);

/// The way to one consumer. Each replica delivers what it has written itself, at once; one of them delivers what was left behind, by
/// replicas that ended or while the consumer was away.
#[derive(Debug)]
pub(super) struct Relay {
    db: Db,
    consumer: &'static str,
    delivery: Delivery,
    gauges: Gauges,
    id: Uuid,
}

impl Relay {
    pub(super) fn new(db: &Db, upstream: Upstream, options: &RelayOptions) -> Self {
        let consumer = upstream.name();
        let (delivery, gauges) = (Delivery::new(db, upstream, options), Gauges::new(consumer));
        Self { db: db.clone(), consumer, delivery, gauges, id: Uuid::new_v4() }
    }

    pub(super) async fn run(self, hinted: mpsc::Receiver<Uuid>) -> Infallible {
        let (_, never, _) = futures::join!(self.follow(hinted), self.sweep_for_ever(), self.gauges.keep(&self.db));
        never
    }

    /// Delivers what this process publishes. What cannot be delivered is left behind.
    async fn follow(&self, mut hinted: mpsc::Receiver<Uuid>) {
        let mut aggregates = Vec::new();
        while hinted.recv_many(&mut aggregates, BATCH).await > 0 {
            aggregates.sort_unstable();
            aggregates.dedup();
            if let Err(cause) = self.deliver_of(&aggregates).await {
                tracing::debug!(consumer = self.consumer, %cause, "events are left behind");
            }
            aggregates.clear();
        }
    }

    async fn deliver_of(&self, aggregates: &[Uuid]) -> Result<(), Undelivered> {
        loop {
            let batch = store::due_of(&mut *self.db.connection().await?, self.consumer, aggregates, BATCH as i64).await?;
            let is_last = batch.len() < BATCH;
            self.delivery.deliver(batch).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn sweep_for_ever(&self) -> Infallible {
        let mut is_well = true;
        loop {
            let swept = self.sweep().await;
            if swept.is_ok() != is_well {
                is_well = swept.is_ok();
                match swept {
                    Ok(()) => tracing::info!(consumer = self.consumer, "events are delivered again"),
                    Err(cause) => tracing::warn!(consumer = self.consumer, %cause, "events cannot be delivered"),
                }
            }
            // Not all replicas at once.
            tokio::time::sleep(PERIOD.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
        }
    }

    async fn sweep(&self) -> Result<(), Undelivered> {
        loop {
            let batch = store::left_behind(&mut *self.db.connection().await?, self.consumer, GRACE, BATCH as i64).await?;
            if batch.is_empty() {
                return Ok(());
            }
            if !store::lease(&mut *self.db.connection().await?, self.consumer, self.id, LEASE).await? {
                return Ok(());
            }
            let is_last = batch.len() < BATCH;
            self.delivery.deliver(batch).await?;
            if is_last {
                return Ok(store::release(&mut *self.db.connection().await?, self.consumer, self.id).await?);
            }
        }
    }
}
