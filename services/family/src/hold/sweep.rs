//! Ends holds whose time is over. Nothing depends on when this runs: a writer of the wallet first ends the expired holds of its plan.

use std::convert::Infallible;
use std::time::Duration;

use orchard_db::{Connection, Db};

use super::store;
use crate::error::Error;
use crate::plan;

/// How often a replica ends expired holds. Replicas may do so at the same time.
const PERIOD: Duration = Duration::from_secs(30);
/// Maximum number of plans per sweep.
const BATCH: i64 = 100;

/// Ends expired holds when it is first polled, and then every 30 s.
pub async fn keep_expired(db: Db) -> Infallible {
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        // The next sweep retries.
        if let Err(cause) = sweep(&db).await {
            tracing::warn!(%cause, "cannot end expired holds");
        }
    }
}

async fn sweep(db: &Db) -> Result<(), Error> {
    let plans = store::due(&*db.read().await?, BATCH).await?;
    for id in plans {
        let expired = db.write("expire holds", async move |connection: &mut Connection| {
            if let Some(plan) = plan::store::lock(connection, id).await? {
                store::expire(connection, plan).await?;
            }
            Ok::<_, Error>(())
        });
        // A plan that fails does not stop the others.
        if let Err(cause) = expired.await {
            tracing::warn!(%cause, "cannot end expired holds of a plan");
        }
    }
    Ok(())
}
