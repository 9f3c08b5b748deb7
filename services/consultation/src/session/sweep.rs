//! Completes sessions that nobody said anything about.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::{Unit, counter, describe_counter};
use orchard_db::{Db, moment};
use orchard_events::Outbox;
use uuid::Uuid;

use super::{ending, store};
use crate::error::Error;

/// How often a replica looks for sessions. Replicas may do so at the same time.
const PERIOD: Duration = Duration::from_secs(60);
/// How long after its end a session completes by itself.
const AFTER: TimeDelta = TimeDelta::days(7);
/// Attempts to complete a session that failed.
const FAILURES: &str = "orchard_session_completion_failures_total";
/// Sessions that are read at once.
const BATCH: i64 = 100;

/// Completes sessions that ended 7 days ago, when it is first polled and then every minute.
pub(crate) async fn complete_forever(db: &Db, outbox: &Outbox) -> Infallible {
    describe_counter!(FAILURES, Unit::Count, "Attempts to complete a session that nobody said anything about that failed.");
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        // The next sweep retries.
        if let Err(cause) = sweep(db, outbox).await {
            tracing::warn!(%cause, "cannot look for sessions to complete");
        }
    }
}

async fn sweep(db: &Db, outbox: &Outbox) -> Result<(), Error> {
    let ended_before = moment(&*db.read().await?).await? - AFTER;
    let mut after = (DateTime::<Utc>::UNIX_EPOCH, Uuid::nil());
    loop {
        let sessions = store::unfinished(&*db.read().await?, ended_before, after, BATCH).await?;
        let Some(last) = sessions.last() else { return Ok(()) };
        after = (last.start, last.id);
        for session in sessions.iter().filter(|session| session.end() <= ended_before) {
            // A session that fails does not stop the others.
            if let Err(cause) = ending::complete_by_itself(db, outbox, session).await {
                counter!(FAILURES).increment(1);
                tracing::warn!(%cause, session_id = %session.id, "cannot complete a session");
            }
        }
    }
}
