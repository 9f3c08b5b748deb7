//! Ends what is held for too long. Nothing depends on when: whoever takes money out of a wallet first frees what has expired.

use std::convert::Infallible;
use std::time::Duration;

use orchard_db::{Connection, Db};

use super::store;
use crate::error::Error;
use crate::plan;

/// How often a process looks. Any number of them may do so at once.
const PERIOD: Duration = Duration::from_secs(30);
/// Plans at once.
const BATCH: i64 = 100;

/// Ends holds that have expired, when it is first polled, and then every 30 s.
pub async fn keep_expired(db: Db) -> Infallible {
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        // The next one will do what this one did not.
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
        // One that is not to be had keeps no others waiting.
        if let Err(cause) = expired.await {
            tracing::warn!(%cause, "cannot end expired holds of a plan");
        }
    }
    Ok(())
}
