//! Queries of schedules and of taken time.

pub(crate) mod stored;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Buffers, Range, Taken};
use crate::professional::store::is_listed;
use crate::schema::{health_professionals, time_claims};
pub(crate) use stored::{Raw, Stored};

/// How far from a range a claim may begin that matters there: it lasts a day and buffers at most, or begins on the same date.
const AROUND: TimeDelta = TimeDelta::days(2);

/// Returns the schedule of a professional, if there is one.
pub(super) async fn schedule(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Raw>> {
    let found = health_professionals::table.find(id).select(health_professionals::available_time_slots);
    let found: Option<Option<Raw>> = found.first(&mut connection).await.optional()?;
    Ok(found.flatten())
}

/// Replaces the schedule of a professional, whose row is locked.
pub(super) async fn set_schedule(connection: &mut AsyncPgConnection, id: Uuid, schedule: &Stored) -> QueryResult<()> {
    let json = serde_json::to_value(schedule).map_err(|error| SerializationError(error.into()))?;
    diesel::update(health_professionals::table.find(id))
        .set((health_professionals::available_time_slots.eq(json), health_professionals::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns the schedules of those of these professionals who are in the directory, `None` for those who have none, ordered by id.
pub(super) async fn listed_schedules(mut connection: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<(Uuid, Option<Raw>)>> {
    health_professionals::table
        .filter(health_professionals::id.eq_any(ids))
        .filter(is_listed())
        .order(health_professionals::id)
        .select((health_professionals::id, health_professionals::available_time_slots))
        .load(&mut connection)
        .await
}

/// Returns the time that is taken of these professionals around a range, without holds that have expired.
pub(crate) async fn taken(
    mut connection: &AsyncPgConnection,
    ids: &[Uuid],
    range: Range,
) -> QueryResult<HashMap<Uuid, Vec<Taken>>> {
    type Claim = (Uuid, DateTime<Utc>, DateTime<Utc>, i32, i32);
    let found: Vec<Claim> = time_claims::table
        .filter(time_claims::professional_id.eq_any(ids))
        .filter(time_claims::starts_at.between(range.from - AROUND, range.to + AROUND))
        .filter(time_claims::expires_at.is_null().or(time_claims::expires_at.gt(now).assume_not_null()))
        .select((
            time_claims::professional_id,
            time_claims::starts_at,
            time_claims::ends_at,
            time_claims::buffer_before_minutes,
            time_claims::buffer_after_minutes,
        ))
        .load(&mut connection)
        .await?;
    let mut taken: HashMap<Uuid, Vec<Taken>> = HashMap::new();
    for (id, start, end, before, after) in found {
        let buffers = Buffers { before_minutes: before.unsigned_abs(), after_minutes: after.unsigned_abs() };
        taken.entry(id).or_default().push(Taken { start, end, buffers });
    }
    Ok(taken)
}
