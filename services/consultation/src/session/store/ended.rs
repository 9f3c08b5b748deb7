//! Changes of the status of sessions.

use chrono::{DateTime, Utc};
use diesel::dsl::{now, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use uuid::Uuid;

use super::Row;
use crate::schema::{consultation_sessions, health_professionals};
use crate::session::{CancelledBy, Session, SessionStatus};

/// Completes a session of a professional. Both are locked. Returns the number of the event that tells of it.
pub(in crate::session) async fn complete(connection: &mut AsyncPgConnection, session: &Session) -> QueryResult<i64> {
    diesel::update(health_professionals::table.find(session.professional))
        .set((
            health_professionals::total_consultations.eq(health_professionals::total_consultations + 1),
            health_professionals::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    diesel::update(consultation_sessions::table.find(session.id))
        .set((
            consultation_sessions::session_status.eq(SessionStatus::Completed),
            consultation_sessions::event_sequence.eq(consultation_sessions::event_sequence + 1),
            consultation_sessions::updated_at.eq(now),
        ))
        .returning(consultation_sessions::event_sequence)
        .get_result(connection)
        .await
}

/// Writes that the client of a session, which is locked, did not come.
pub(in crate::session) async fn mark_no_show(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::update(consultation_sessions::table.find(id))
        .set((consultation_sessions::session_status.eq(SessionStatus::NoShow), consultation_sessions::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Cancels a session, which is locked, and returns the number of the event that tells of it.
pub(in crate::session) async fn cancel(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    by: CancelledBy,
    reason: Option<&str>,
) -> QueryResult<i64> {
    diesel::update(consultation_sessions::table.find(id))
        .set((
            consultation_sessions::session_status.eq(SessionStatus::Cancelled),
            consultation_sessions::cancelled_by.eq(Some(by)),
            consultation_sessions::cancel_reason.eq(reason),
            consultation_sessions::revision.eq(consultation_sessions::revision + 1),
            consultation_sessions::revised_at.eq(now),
            consultation_sessions::next_reminder_at.eq(None::<DateTime<Utc>>),
            consultation_sessions::event_sequence.eq(consultation_sessions::event_sequence + 1),
            consultation_sessions::updated_at.eq(now),
        ))
        .returning(consultation_sessions::event_sequence)
        .get_result(connection)
        .await
}

/// Cancels the sessions to come with professionals, or those of a user as a client or booked by them. Returns them with the numbers of the
/// events that tell of it.
pub(in crate::session) async fn cancel_to_come(
    connection: &mut AsyncPgConnection,
    professionals: &[Uuid],
    user: Option<Uuid>,
) -> QueryResult<Vec<(Session, i64)>> {
    let theirs = consultation_sessions::professional_id
        .eq_any(professionals)
        .or(consultation_sessions::user_id.nullable().eq(user).assume_not_null())
        .or(consultation_sessions::booked_by.eq(user).assume_not_null());
    let to_come =
        consultation_sessions::table.filter(theirs).filter(is_scheduled()).filter(consultation_sessions::session_date.gt(now));
    let cancelled: Vec<(Row, i64)> = diesel::update(to_come)
        .set((
            consultation_sessions::session_status.eq(SessionStatus::Cancelled),
            consultation_sessions::cancelled_by.eq(Some(CancelledBy::Service)),
            consultation_sessions::revision.eq(consultation_sessions::revision + 1),
            consultation_sessions::revised_at.eq(now),
            consultation_sessions::next_reminder_at.eq(None::<DateTime<Utc>>),
            consultation_sessions::event_sequence.eq(consultation_sessions::event_sequence + 1),
            consultation_sessions::updated_at.eq(now),
        ))
        .returning((Row::as_returning(), consultation_sessions::event_sequence))
        .get_results(connection)
        .await?;
    Ok(cancelled.into_iter().map(|(row, sequence)| (row.into(), sequence)).collect())
}

/// Says whether sessions have a follow-up that is not cancelled.
pub(crate) async fn set_followed_up(connection: &mut AsyncPgConnection, ids: &[Uuid], is_scheduled: bool) -> QueryResult<()> {
    diesel::update(consultation_sessions::table.filter(consultation_sessions::id.eq_any(ids)))
        .set((consultation_sessions::follow_up_scheduled.eq(is_scheduled), consultation_sessions::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns sessions by their ids.
pub(in crate::session) async fn sessions(
    connection: &mut AsyncPgConnection,
    ids: impl IntoIterator<Item = Uuid>,
) -> QueryResult<Vec<Session>> {
    let named = consultation_sessions::table.filter(consultation_sessions::id.eq_any(ids));
    let rows: Vec<Row> = named.select(Row::as_select()).load(connection).await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Returns the accounts of professionals.
pub(in crate::session) async fn accounts(
    connection: &mut AsyncPgConnection,
    professionals: impl IntoIterator<Item = Uuid>,
) -> QueryResult<Vec<(Uuid, Option<Uuid>)>> {
    let named = health_professionals::table.filter(health_professionals::id.eq_any(professionals));
    named.select((health_professionals::id, health_professionals::user_id)).load(connection).await
}

/// Returns some of the sessions that are scheduled and began before a moment, those after a position, the earliest first.
pub(in crate::session) async fn unfinished(
    mut connection: &AsyncPgConnection,
    before: DateTime<Utc>,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<Session>> {
    let rows: Vec<Row> = consultation_sessions::table
        .filter(is_scheduled())
        .filter(consultation_sessions::session_date.lt(before))
        .filter(pair(consultation_sessions::session_date, consultation_sessions::id).gt(after))
        .order((consultation_sessions::session_date, consultation_sessions::id))
        .limit(limit)
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Locks a session, after its professional.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Session> {
    let row = consultation_sessions::table.find(id).select(Row::as_select()).for_no_key_update();
    row.first(connection).await.map(Row::into)
}

/// The status is part of the text, as in the index.
fn is_scheduled() -> diesel::expression::SqlLiteral<Bool> {
    sql::<Bool>("consultation_sessions.session_status = 'scheduled'")
}
