//! Finishes what calls have left undone.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use metrics::{Unit, counter, describe_counter};
use orchard_db::{Connection, Db, Failure};
use orchard_rpc::{supervise, trace};
use tracing::Instrument as _;

use crate::gauges;
use crate::store::{self, Intent};

/// Intents that a worker tries at once.
const BATCH: i64 = 16;
/// How long a worker that ends keeps others from what it has taken. An attempt that takes longer may be made twice.
const LEASE: Duration = Duration::from_secs(30);
/// The wait after a first failed attempt, and the longest one. Each further failure doubles it.
const DELAY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
const FAILURES: &str = "orchard_intent_failures_total";

/// Why an attempt has not come to an end: a status code and a reason.
#[derive(Debug)]
pub struct Undone(pub String);

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

/// Does what a slice intends.
pub trait Handler: Send + Sync + 'static {
    /// The kinds of intents.
    const KINDS: &'static [&'static str];

    /// Takes all steps of an intent that can be taken now, from the step that it names. A failure leaves the intent at the step that failed.
    fn attempt(&self, intent: &Intent) -> impl Future<Output = Result<(), Undone>> + Send;

    /// Gives an intent up, in a transaction: ends it, or names another step that undoes what was done. The intent is not locked, and may
    /// have come to an end.
    fn give_up(&self, connection: &mut Connection, intent: &Intent) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Makes attempts at intents that are due.
#[derive(Debug)]
pub struct Worker<H> {
    db: Db,
    handler: Arc<H>,
    period: Duration,
}

impl<H: Handler> Worker<H> {
    /// A worker that looks for intents so often. Replicas may do so at the same time.
    pub fn new(db: &Db, handler: &Arc<H>, period: Duration) -> Self {
        Self { db: db.clone(), handler: Arc::clone(handler), period }
    }

    /// Works until it is dropped.
    pub async fn run(self) -> Infallible {
        describe_counter!(FAILURES, Unit::Count, "Attempts at intents that failed.");
        let (never, _) = futures::join!(
            supervise("finish intents", || self.work()),
            supervise("count intents", || gauges::keep(&self.db, H::KINDS)),
        );
        never
    }

    async fn work(&self) -> Infallible {
        let mut ticks = tokio::time::interval(self.period);
        loop {
            ticks.tick().await;
            // The next look retries.
            if let Err(cause) = self.finish_due().await {
                tracing::warn!(%cause, "cannot look for intents");
            }
        }
    }

    async fn finish_due(&self) -> Result<(), Failure> {
        loop {
            let taken: Vec<Intent> = self
                .db
                .write("take intents", async move |connection: &mut Connection| {
                    Ok::<_, Failure>(store::take_due(connection, BATCH, LEASE).await?)
                })
                .await?;
            let is_last = taken.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            let results = join_all(taken.iter().map(|intent| self.attempt(intent))).await;
            for result in results {
                result?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Makes an attempt, which belongs to the trace of the call that recorded the intent.
    async fn attempt(&self, intent: &Intent) -> Result<(), Failure> {
        let span = tracing::info_span!("intent", kind = intent.kind, step = intent.step, intent_id = %intent.id);
        if let Some(traceparent) = &intent.traceparent {
            trace::follow(&span, traceparent);
        }
        let Err(Undone(failure)) = self.handler.attempt(intent).instrument(span).await else { return Ok(()) };
        counter!(FAILURES, "kind" => intent.kind.clone()).increment(1);
        tracing::warn!(kind = intent.kind, step = intent.step, intent_id = %intent.id, failure, "an intent is not done yet");
        let (intent, delay) = (intent.clone(), delay(intent.attempts));
        let postpone = async move |connection: &mut Connection| {
            store::postpone(connection, &intent, &failure, delay).await.map_err(Failure::from)
        };
        self.db.statement("postpone intent", postpone).await
    }
}

/// Returns how long to wait after another failure, when there were so many before.
fn delay(attempts: i32) -> Duration {
    DELAY.0.saturating_mul(2_u32.saturating_pow(attempts.unsigned_abs())).min(DELAY.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait() {
        for (attempts, seconds) in [(0, 1), (1, 2), (2, 4), (8, 256), (9, 300), (i32::MAX, 300)] {
            assert_eq!(delay(attempts), Duration::from_secs(seconds), "{attempts}");
        }
    }
}
