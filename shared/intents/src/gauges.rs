//! Gauges of open intents.

use std::convert::Infallible;
use std::time::Duration;

use chrono::Utc;
use metrics::{describe_gauge, gauge};
use orchard_db::{Db, Failure};

use crate::store;

/// The time between two counts.
const PERIOD: Duration = Duration::from_secs(10);

/// Counts repeatedly until dropped.
pub(crate) async fn keep(db: &Db, kinds: &[&'static str]) -> Infallible {
    describe_gauge!("orchard_open_intents", "Intents that are not done yet");
    describe_gauge!("orchard_failing_intents", "Open intents with a failed attempt at their present step");
    describe_gauge!("orchard_oldest_intent_seconds", "Age of the oldest open intent; 0 without one");
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        if let Err(cause) = count(db, kinds).await {
            tracing::debug!(%cause, "intents cannot be counted");
        }
    }
}

async fn count(db: &Db, kinds: &[&'static str]) -> Result<(), Failure> {
    let backlog = store::backlog(&*db.read().await?).await?;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let number = |count: i64| count as f64;
    for kind in kinds {
        let found = backlog.iter().find(|counted| counted.kind == *kind);
        let oldest = found.and_then(|counted| counted.oldest);
        gauge!("orchard_open_intents", "kind" => *kind).set(found.map_or(0.0, |counted| number(counted.open)));
        gauge!("orchard_failing_intents", "kind" => *kind).set(found.map_or(0.0, |counted| number(counted.failing)));
        gauge!("orchard_oldest_intent_seconds", "kind" => *kind)
            .set(oldest.map_or(0.0, |oldest| (Utc::now() - oldest).as_seconds_f64().max(0.0)));
    }
    Ok(())
}
