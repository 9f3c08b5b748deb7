//! Gauges of erasures.

use std::convert::Infallible;
use std::time::Duration;

use chrono::Utc;
use metrics::{describe_gauge, gauge};
use orchard_db::{Db, Failure};

use super::store;

/// The time between two counts.
const PERIOD: Duration = Duration::from_secs(10);
const OPEN: &str = "orchard_open_erasures";
const OLDEST: &str = "orchard_oldest_erasure_seconds";

/// Counts erasures repeatedly until dropped.
pub(crate) async fn keep(db: &Db) -> Infallible {
    describe_gauge!(OPEN, "Erasures of users that are asked for and not done");
    describe_gauge!(OLDEST, "Time since the oldest erasure that has begun and is not done began; 0 without one");
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        if let Err(cause) = count(db).await {
            tracing::debug!(%cause, "erasures cannot be counted");
        }
    }
}

async fn count(db: &Db) -> Result<(), Failure> {
    let (open, oldest) = store::backlog(&*db.read().await?).await?;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    gauge!(OPEN).set(open as f64);
    gauge!(OLDEST).set(oldest.map_or(0.0, |oldest| (Utc::now() - oldest).as_seconds_f64().max(0.0)));
    Ok(())
}
