//! Queries of sessions.

pub(super) mod due;
mod ended;
pub(super) mod ratings;
pub(super) mod records;
mod row;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsExprOf, AssumeNotNull, Eq, now};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::{Session, SessionStatus, Side};
use crate::payment::Share;
use crate::professional::Viewer;
use crate::schema::{consultation_sessions, health_professionals};
pub(super) use ended::{accounts, cancel, cancel_to_come, complete, mark_no_show, sessions, unfinished};
pub(crate) use ended::{lock as lock_row, set_followed_up};
pub(crate) use row::Row;

/// A session with what is known of its professional.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) session: Session,
    /// What the caller is to it.
    pub(crate) side: Side,
    pub(crate) professional_account: Option<Uuid>,
    pub(crate) professional_name: String,
}

/// Which sessions to list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    /// Whether the caller is the professional, and not on the client's side.
    pub(super) as_professional: bool,
    pub(super) status: Option<SessionStatus>,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) professional: Option<Uuid>,
}

/// Whether a user is the client of a session, or has booked it for the client.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn is_theirs(user: Uuid) -> _ {
    let booked: AssumeNotNull<Eq<consultation_sessions::booked_by, Uuid>> =
        consultation_sessions::booked_by.eq(user).assume_not_null();
    consultation_sessions::user_id.eq(user).or(booked)
}

/// Returns a session that the caller has a part in, or may cancel as an operator.
pub(crate) async fn find(mut connection: &AsyncPgConnection, id: Uuid, caller: Viewer) -> QueryResult<Option<Found>> {
    let operator: AsExprOf<bool, Bool> = caller.is_operator.into_sql::<Bool>();
    let takes_part = is_theirs(caller.user).or(health_professionals::user_id.eq(caller.user).assume_not_null()).or(operator);
    let found: Option<(Row, Option<Uuid>, String)> = consultation_sessions::table
        .inner_join(health_professionals::table)
        .filter(consultation_sessions::id.eq(id))
        .filter(takes_part)
        .select((Row::as_select(), health_professionals::user_id, health_professionals::professional_name))
        .first(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|(row, professional_account, professional_name)| {
        let session = Session::from(row);
        let side = session.side_of(caller.user, professional_account).unwrap_or(Side::Operator);
        Found { session, side, professional_account, professional_name }
    }))
}

/// Locks a session that the caller has a part in, or may cancel as an operator, after its professional. Others lock nothing.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, id: Uuid, caller: Viewer) -> QueryResult<Option<Found>> {
    let Some(seen) = find(connection, id, caller).await? else { return Ok(None) };
    lock_professional(connection, seen.session.professional).await?;
    lock_row(connection, id).await?;
    find(connection, id, caller).await
}

/// Locks a professional.
pub(crate) async fn lock_professional(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    let row = health_professionals::table.find(id).select(health_professionals::id).for_no_key_update();
    row.first::<Uuid>(connection).await.map(|_| ())
}

/// Lists sessions, the latest start first.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    caller: Uuid,
    filter: Filter,
    page: &PageRequest<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Session>> {
    let mut sessions = consultation_sessions::table.inner_join(health_professionals::table).into_boxed();
    sessions = if filter.as_professional {
        sessions.filter(health_professionals::user_id.eq(caller))
    } else {
        sessions.filter(is_theirs(caller))
    };
    if let Some(status) = filter.status {
        sessions = sessions.filter(consultation_sessions::session_status.eq(status));
    }
    if let Some(from) = filter.from {
        sessions = sessions.filter(consultation_sessions::session_date.ge(from));
    }
    if let Some(to) = filter.to {
        sessions = sessions.filter(consultation_sessions::session_date.lt(to));
    }
    if let Some(professional) = filter.professional {
        sessions = sessions.filter(consultation_sessions::professional_id.eq(professional));
    }
    if let Some(after) = page.after {
        sessions = sessions.filter(pair(consultation_sessions::session_date, consultation_sessions::id).lt(after));
    }
    let rows: Vec<Row> = sessions
        .order((consultation_sessions::session_date.desc(), consultation_sessions::id.desc()))
        .limit(page.fetch())
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Where a session is moved, and what follows.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) start: DateTime<Utc>,
    pub(crate) minutes: i32,
    pub(crate) payment_due_at: Option<DateTime<Utc>>,
    pub(crate) refund_share: Share,
    pub(crate) next_reminder_at: Option<DateTime<Utc>>,
}

/// Moves a session, which is locked, and returns the number of the event that tells of it.
pub(crate) async fn reschedule(connection: &mut AsyncPgConnection, id: Uuid, moved: &Moved) -> QueryResult<i64> {
    diesel::update(consultation_sessions::table.find(id))
        .set((
            consultation_sessions::session_date.eq(moved.start),
            consultation_sessions::duration_minutes.eq(moved.minutes),
            consultation_sessions::payment_due_at.eq(moved.payment_due_at),
            consultation_sessions::refund_share.eq(moved.refund_share),
            consultation_sessions::next_reminder_at.eq(moved.next_reminder_at),
            consultation_sessions::revision.eq(consultation_sessions::revision + 1),
            consultation_sessions::revised_at.eq(now),
            consultation_sessions::event_sequence.eq(consultation_sessions::event_sequence + 1),
            consultation_sessions::updated_at.eq(now),
        ))
        .returning(consultation_sessions::event_sequence)
        .get_result(connection)
        .await
}
