//! Deleting expired keys. It only limits the size of the table: an expired key counts as unused.

use std::convert::Infallible;
use std::time::Duration;

use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::Db;
use crate::failure::Failure;
use crate::schema::idempotency_keys::dsl;

/// The number of keys that one transaction deletes, small enough that a claim of one of them does not wait noticeably.
const BATCH: i64 = 200;
/// The time between two sweeps of a process. Any number of processes may sweep at once.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// Sweeps at once and then every hour.
pub async fn keep_swept(db: Db) -> Infallible {
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        match sweep(&db).await {
            Ok(0) => {}
            Ok(keys) => tracing::info!(keys, "swept expired request ids"),
            // The next sweep deletes what this one did not.
            Err(cause) => tracing::warn!(%cause, "cannot sweep expired request ids"),
        }
    }
}

/// Deletes all expired keys and returns their number.
pub async fn sweep(db: &Db) -> Result<u64, Failure> {
    let mut swept = 0;
    loop {
        let deleted = db.write("sweep", delete).await?;
        if deleted == 0 {
            return Ok(swept);
        }
        swept += deleted;
    }
}

/// Deletes a batch of expired keys. Skips keys that another sweep or a claim has locked.
async fn delete(connection: &mut AsyncPgConnection) -> Result<u64, Failure> {
    let expired: Vec<(String, String, Uuid)> = dsl::idempotency_keys
        .select((dsl::caller, dsl::method, dsl::request_id))
        .filter(dsl::expires_at.le(now))
        .order(dsl::expires_at)
        .limit(BATCH)
        .for_update()
        .skip_locked()
        .load(connection)
        .await?;
    // One by one: a request id alone may also be part of other callers' keys, which are not locked here.
    let mut deleted = 0;
    for key in expired {
        deleted += diesel::delete(dsl::idempotency_keys.find(key)).execute(connection).await? as u64;
    }
    Ok(deleted)
}
