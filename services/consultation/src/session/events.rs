//! Events of a session, which is their aggregate.

use diesel::QueryResult;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_proto::consultation::v1 as pb;
use orchard_rpc::timestamp_to_wire;
use uuid::Uuid;

use super::{CancelledBy, Session};
use chrono::{DateTime, Utc};

/// Tells of a session that was booked.
pub(crate) async fn publish_booked(
    connection: &mut Connection,
    outbox: &Outbox,
    session: &Session,
    professional_account: Option<Uuid>,
) -> QueryResult<()> {
    let event = pb::SessionBooked {
        session_id: session.id.to_string(),
        user_id: session.client.to_string(),
        booked_by_user_id: text(session.booked_by),
        professional_id: session.professional.to_string(),
        professional_user_id: text(professional_account),
        start_time: Some(timestamp_to_wire(session.start)),
    };
    outbox.publish(connection, session.id, 1, &event).await
}

/// Tells of a session that was moved. `session` is as before.
pub(crate) async fn publish_rescheduled(
    connection: &mut Connection,
    outbox: &Outbox,
    (session, professional_account): (&Session, Option<Uuid>),
    (start, sequence): (DateTime<Utc>, i64),
) -> QueryResult<()> {
    let event = pb::SessionRescheduled {
        session_id: session.id.to_string(),
        user_id: session.client.to_string(),
        booked_by_user_id: text(session.booked_by),
        professional_id: session.professional.to_string(),
        professional_user_id: text(professional_account),
        previous_start_time: Some(timestamp_to_wire(session.start)),
        start_time: Some(timestamp_to_wire(start)),
    };
    outbox.publish(connection, session.id, sequence, &event).await
}

/// Returns the event of a session that was cancelled. Who was erased is left out.
pub(super) fn cancelled(
    session: &Session,
    professional_account: Option<Uuid>,
    by: CancelledBy,
    erased: Option<Uuid>,
) -> pb::SessionCancelled {
    let kept = |user: Option<Uuid>| text(user.filter(|user| Some(*user) != erased));
    pb::SessionCancelled {
        session_id: session.id.to_string(),
        user_id: kept(Some(session.client)),
        booked_by_user_id: kept(session.booked_by),
        professional_id: session.professional.to_string(),
        professional_user_id: kept(professional_account),
        start_time: Some(timestamp_to_wire(session.start)),
        cancelled_by: by.into(),
    }
}

/// Returns the event of a session that begins soon.
pub(super) fn reminder(session: &Session, professional_account: Option<Uuid>, kind: pb::ReminderKind) -> pb::ReminderDue {
    pb::ReminderDue {
        session_id: session.id.to_string(),
        user_id: session.client.to_string(),
        booked_by_user_id: text(session.booked_by),
        professional_id: session.professional.to_string(),
        professional_user_id: text(professional_account),
        start_time: Some(timestamp_to_wire(session.start)),
        reminder_kind: kind.into(),
    }
}

/// Tells of a session that took place.
pub(super) async fn publish_completed(
    connection: &mut Connection,
    outbox: &Outbox,
    session: &Session,
    sequence: i64,
) -> QueryResult<()> {
    let event = pb::SessionCompleted { session_id: session.id.to_string(), user_id: session.client.to_string() };
    outbox.publish(connection, session.id, sequence, &event).await
}

fn text(user: Option<Uuid>) -> String {
    user.map(|user| user.to_string()).unwrap_or_default()
}
