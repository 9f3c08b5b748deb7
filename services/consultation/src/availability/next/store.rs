//! Queries of the next slots that are kept.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, min, not, now};
use diesel::pg::upsert::excluded;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use uuid::Uuid;

use crate::schema::{health_professionals, next_slots, time_claims};

/// Keeps the next slot of a professional, and when to look again.
pub(super) async fn upsert(
    connection: &mut AsyncPgConnection,
    professional: Uuid,
    next_slot: Option<DateTime<Utc>>,
    due_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(next_slots::table)
        .values((
            next_slots::professional_id.eq(professional),
            next_slots::next_slot_time.eq(next_slot),
            next_slots::due_at.eq(due_at),
        ))
        .on_conflict(next_slots::professional_id)
        .do_update()
        .set((
            next_slots::next_slot_time.eq(excluded(next_slots::next_slot_time)),
            next_slots::due_at.eq(excluded(next_slots::due_at)),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Forgets the next slots of professionals who have no schedule any more. Returns how many there were.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, professionals: &[Uuid]) -> QueryResult<usize> {
    diesel::delete(next_slots::table.filter(next_slots::professional_id.eq_any(professionals))).execute(connection).await
}

/// Returns when the next hold of a professional expires.
pub(super) async fn next_expiry(mut connection: &AsyncPgConnection, professional: Uuid) -> QueryResult<Option<DateTime<Utc>>> {
    time_claims::table
        .filter(time_claims::professional_id.eq(professional))
        .filter(time_claims::expires_at.gt(now))
        .select(min(time_claims::expires_at))
        .first(&mut connection)
        .await
}

/// Counts the professionals whose next slot is due.
pub(super) async fn count_due(mut connection: &AsyncPgConnection) -> QueryResult<i64> {
    next_slots::table.filter(next_slots::due_at.le(now)).count().get_result(&mut connection).await
}

/// Returns professionals whose next slot is due, the longest first.
pub(super) async fn due(
    mut connection: &AsyncPgConnection,
    until: DateTime<Utc>,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<(DateTime<Utc>, Uuid)>> {
    next_slots::table
        .filter(next_slots::due_at.le(until))
        .filter(pair(next_slots::due_at, next_slots::professional_id).gt(after))
        .order((next_slots::due_at, next_slots::professional_id))
        .limit(limit)
        .select((next_slots::due_at, next_slots::professional_id))
        .load(&mut connection)
        .await
}

/// Returns professionals with a schedule who are not kept, because an earlier release has written it, in the order of their ids.
pub(super) async fn missing(mut connection: &AsyncPgConnection, after: Uuid, limit: i64) -> QueryResult<Vec<Uuid>> {
    let kept = next_slots::table.filter(next_slots::professional_id.eq(health_professionals::id));
    health_professionals::table
        .filter(health_professionals::id.gt(after))
        .filter(health_professionals::available_time_slots.is_not_null())
        .filter(not(exists(kept)))
        .order(health_professionals::id)
        .limit(limit)
        .select(health_professionals::id)
        .load(&mut connection)
        .await
}

/// Locks a professional whose next slot is still to be looked for, and whom nobody is writing: that one looks for it. Returns the time of the
/// transaction.
pub(super) async fn lock(connection: &mut AsyncPgConnection, professional: Uuid) -> QueryResult<Option<DateTime<Utc>>> {
    let kept =
        next_slots::table.filter(next_slots::professional_id.eq(health_professionals::id)).filter(next_slots::due_at.gt(now));
    health_professionals::table
        .filter(health_professionals::id.eq(professional))
        .filter(not(exists(kept)))
        .select(now.into_sql::<Timestamptz>())
        .for_no_key_update()
        .skip_locked()
        .first(connection)
        .await
        .optional()
}
