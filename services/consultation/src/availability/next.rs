//! The next slots of professionals.

mod gauges;
mod keeping;
pub(crate) mod store;
mod sweep;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::task::yield_now;
use uuid::Uuid;

use super::store::{self as stored, Raw};
use super::{Range, Schedule, starts, wire};
pub(crate) use keeping::refresh_next_slot;
pub(crate) use sweep::Sweeper;

/// How far is looked. Most professionals have a slot soon, and only the others cost more.
const STEPS: [TimeDelta; 3] = [TimeDelta::days(2), TimeDelta::days(9), wire::LONGEST_RANGE];

/// Returns the next slots of professionals, of those who have one within the longest range.
///
/// One professional takes some milliseconds at most, and others have their turn after each. Unlike work on a thread of its own, this ends
/// when its caller leaves.
pub(super) async fn next_slots(
    connection: &AsyncPgConnection,
    rows: &[(Uuid, Option<Raw>)],
    now: DateTime<Utc>,
) -> QueryResult<BTreeMap<Uuid, Range>> {
    let mut schedules = Vec::new();
    for (id, raw) in rows {
        schedules.extend(raw.as_ref().and_then(|raw| Some((*id, raw.bookable(*id)?))));
        yield_now().await;
    }
    find(connection, schedules, now).await
}

/// Returns the next slots of those schedules that have one within the longest range.
async fn find(
    connection: &AsyncPgConnection,
    mut schedules: Vec<(Uuid, Schedule)>,
    now: DateTime<Utc>,
) -> QueryResult<BTreeMap<Uuid, Range>> {
    let (mut found, mut from) = (BTreeMap::new(), now);
    for step in STEPS {
        let range = Range { from, to: now + step };
        from = range.to;
        step_into(connection, &mut schedules, &mut found, range, now).await?;
    }
    Ok(found)
}

/// Looks for slots within a range, and keeps those schedules that have none.
async fn step_into(
    connection: &AsyncPgConnection,
    schedules: &mut Vec<(Uuid, Schedule)>,
    found: &mut BTreeMap<Uuid, Range>,
    range: Range,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let ids: Vec<Uuid> = schedules.iter().map(|(id, _)| *id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let taken = stored::taken(connection, &ids, range).await?;
    for (id, schedule) in std::mem::take(schedules) {
        let first = starts(&schedule, taken.get(&id).map_or(&[], Vec::as_slice), range, now).next();
        match first {
            Some(start) => _ = found.insert(id, schedule.slot(start)),
            None => schedules.push((id, schedule)),
        }
        yield_now().await;
    }
    Ok(())
}
