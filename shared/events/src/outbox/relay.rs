//! The relay, which delivers events as long as the process runs.

use std::convert::Infallible;
use std::time::Duration;

use orchard_client::Upstream;
use orchard_db::Db;
use orchard_rpc::supervise;
use tokio::sync::{Mutex, Notify, mpsc};
use uuid::Uuid;

use super::delivery::{Delivery, Undelivered};
use super::gauges::Gauges;
use super::options::RelayOptions;
use super::store;

/// The most events of one request, which fit into it even with the longest payloads.
const BATCH: usize = 200;
/// The average time between two sweeps of a replica.
const PERIOD: Duration = Duration::from_secs(1);
/// Sweeps in a row that fail, each of which after the first doubles the time until the next one: up to 8 s.
const MOST_FAILURES: u32 = 4;
/// The age at which an event counts as left behind. Younger events are being delivered by the replica that wrote them.
const GRACE: Duration = Duration::from_secs(1);
/// How long a replica that ends during a sweep keeps the others from sweeping. A batch that takes longer may be sent twice.
const LEASE: Duration = Duration::from_secs(1);

/// Delivers events to one consumer.
///
/// Each replica delivers the events that it wrote itself, at once. One replica delivers the events that were left behind: by replicas
/// that ended, or while the consumer was unavailable.
#[derive(Debug)]
pub(super) struct Relay {
    db: Db,
    consumer: &'static str,
    delivery: Delivery,
    gauges: Gauges,
    /// Notified when new events are delivered.
    delivered: Notify,
    id: Uuid,
}

impl Relay {
    pub(super) fn new(db: &Db, upstream: Upstream, options: &RelayOptions) -> Self {
        let consumer = upstream.name();
        let (delivery, gauges) = (Delivery::new(db, upstream, options), Gauges::new(consumer));
        Self { db: db.clone(), consumer, delivery, gauges, delivered: Notify::new(), id: Uuid::new_v4() }
    }

    pub(super) async fn run(self, hinted: mpsc::Receiver<Uuid>) -> Infallible {
        let hinted = Mutex::new(hinted);
        let (never, _, _) = futures::join!(
            supervise("deliver new events", || self.follow(&hinted)),
            supervise("deliver events left behind", || self.sweep_repeatedly()),
            supervise("count events", || self.gauges.keep(&self.db)),
        );
        never
    }

    /// Delivers the events that this process publishes. Events that cannot be delivered are left to the sweep.
    async fn follow(&self, hinted: &Mutex<mpsc::Receiver<Uuid>>) -> Infallible {
        let mut hinted = hinted.lock().await;
        let mut aggregates = Vec::new();
        while hinted.recv_many(&mut aggregates, BATCH).await > 0 {
            aggregates.sort_unstable();
            aggregates.dedup();
            if let Err(cause) = self.deliver_due(&aggregates).await {
                tracing::debug!(consumer = self.consumer, %cause, "events are left behind");
            }
            aggregates.clear();
        }
        // Nothing will be published any more.
        std::future::pending().await
    }

    async fn deliver_due(&self, aggregates: &[Uuid]) -> Result<(), Undelivered> {
        loop {
            let batch = store::due(&mut *self.db.connection().await?, self.consumer, aggregates, BATCH as i64).await?;
            if batch.is_empty() {
                return Ok(());
            }
            let is_last = batch.len() < BATCH;
            self.delivery.deliver(batch).await?;
            self.delivered.notify_one();
            if is_last {
                return Ok(());
            }
        }
    }

    async fn sweep_repeatedly(&self) -> Infallible {
        let mut failures = 0;
        loop {
            match self.sweep().await {
                Ok(()) => {
                    if failures > 0 {
                        tracing::info!(consumer = self.consumer, "events are delivered again");
                    }
                    failures = 0;
                }
                Err(cause) => {
                    if failures == 0 {
                        tracing::warn!(consumer = self.consumer, %cause, "events cannot be delivered");
                    }
                    failures = (failures + 1).min(MOST_FAILURES);
                }
            }
            let pause = PERIOD * 2_u32.pow(failures.saturating_sub(1));
            tokio::select! {
                // A random part spreads the sweeps of the replicas.
                () = tokio::time::sleep(pause.mul_f64(0.75 + fastrand::f64() / 2.0)) => {}
                // The consumer is back.
                () = self.delivered.notified(), if failures > 0 => {}
            }
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
