//! Sessions that must be paid, or whose reminder is due.

use chrono::{DateTime, Utc};
use diesel::dsl::{now, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use uuid::Uuid;

use super::Row;
use crate::schema::consultation_sessions;
use crate::session::Session;

/// Returns some of the sessions whose time to be paid is over, those after a position, the longest first.
pub(in crate::session) async fn unpaid(
    mut connection: &AsyncPgConnection,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<Session>> {
    let position = pair(consultation_sessions::payment_due_at.assume_not_null(), consultation_sessions::id);
    let rows: Vec<Row> = consultation_sessions::table
        // As in the index.
        .filter(sql::<Bool>("session_status = 'scheduled' AND payment_status = 'pending'"))
        .filter(consultation_sessions::payment_due_at.le(now.into_sql::<Timestamptz>().nullable()))
        .filter(position.gt(after))
        .order((consultation_sessions::payment_due_at, consultation_sessions::id))
        .limit(limit)
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Locks some of the sessions whose reminder is due, without those that others have locked.
pub(in crate::session) async fn reminders(connection: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<Session>> {
    let rows: Vec<Row> = consultation_sessions::table
        .filter(consultation_sessions::next_reminder_at.le(now.into_sql::<Timestamptz>().nullable()))
        .order((consultation_sessions::next_reminder_at, consultation_sessions::id))
        .limit(limit)
        .select(Row::as_select())
        .for_no_key_update()
        .skip_locked()
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Writes when the next reminder of a session, which is locked, is due, and whether one is sent. Returns the number of the last event.
pub(in crate::session) async fn set_reminder(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    next: Option<DateTime<Utc>>,
    is_sent: bool,
) -> QueryResult<i64> {
    diesel::update(consultation_sessions::table.find(id))
        .set((
            consultation_sessions::next_reminder_at.eq(next),
            consultation_sessions::event_sequence.eq(consultation_sessions::event_sequence + i64::from(is_sent)),
            consultation_sessions::updated_at.eq(now),
        ))
        .returning(consultation_sessions::event_sequence)
        .get_result(connection)
        .await
}
