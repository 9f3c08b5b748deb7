//! Queries of bookings.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, exists, now, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::roll;
use orchard_privacy::schema::users;
use uuid::Uuid;

use crate::availability::Schedule;
use crate::availability::store::Raw;
use crate::error::Error;
use crate::professional::store::{is_listed, visible_to};
use crate::schema::{consultation_sessions, health_professionals, time_claims};
use crate::session::{PaymentStatus, SessionError, SessionStatus, SessionType};

/// On which terms a professional, whose row is locked, can be booked.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) professional: Uuid,
    pub(super) account: Option<Uuid>,
    pub(super) rate: Option<BigDecimal>,
    pub(super) schedule: Option<Schedule>,
    /// Whether the professional is verified and available.
    pub(super) is_listed: bool,
}

/// A session to insert, whose time is claimed.
#[derive(Debug)]
pub(super) struct NewSession<'a> {
    pub(super) id: Uuid,
    pub(super) client: Uuid,
    pub(super) booked_by: Option<Uuid>,
    pub(super) professional: Uuid,
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) session_type: SessionType,
    pub(super) cost: &'a BigDecimal,
    pub(super) payment_status: PaymentStatus,
    pub(super) payment_due_at: Option<DateTime<Utc>>,
    pub(super) next_reminder_at: Option<DateTime<Utc>>,
    pub(super) follow_up_of: Option<Uuid>,
}

/// Locks a client, so that their bookings come one after another. Returns whether the client is on the roll, and no pseudonym.
pub(super) async fn lock_client(connection: &mut AsyncPgConnection, client: Uuid) -> QueryResult<bool> {
    let row = users::table.find(client).select(users::id).for_no_key_update();
    let is_known = row.first::<Uuid>(connection).await.optional()?.is_some();
    Ok(is_known && !roll::is_pseudonym(connection, client).await?)
}

/// Locks a professional, after the client. One of the viewers must see the professional, or the first of them, the client, must hold a slot.
pub(super) async fn lock_terms(
    connection: &mut AsyncPgConnection,
    professional: Uuid,
    viewers: [Uuid; 2],
) -> QueryResult<Option<Terms>> {
    type Found = (Option<Uuid>, Option<BigDecimal>, Option<Raw>, bool);
    let [client, booked_by] = viewers;
    let hold = time_claims::table
        .filter(time_claims::professional_id.eq(professional))
        .filter(time_claims::user_id.eq(client))
        .filter(time_claims::expires_at.gt(now).assume_not_null());
    let found: Option<Found> = health_professionals::table
        .find(professional)
        .filter(visible_to(client, false).or(visible_to(booked_by, false)).or(exists(hold)))
        .select((
            health_professionals::user_id,
            health_professionals::consultation_rate,
            health_professionals::available_time_slots,
            is_listed(),
        ))
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(|(account, rate, raw, is_listed)| Terms {
        professional,
        account,
        rate,
        schedule: raw.and_then(|raw| raw.bookable(professional)),
        is_listed,
    }))
}

/// Counts the sessions of a client, who is locked, that have not begun.
pub(super) async fn count_future(connection: &mut AsyncPgConnection, client: Uuid) -> QueryResult<i64> {
    consultation_sessions::table
        .filter(consultation_sessions::user_id.eq(client))
        .filter(sql::<Bool>("consultation_sessions.session_status = 'scheduled'"))
        .filter(consultation_sessions::session_date.gt(now))
        .select(count_star())
        .first(connection)
        .await
}

/// Inserts a session, whose time is claimed. A session has one follow-up at most.
pub(super) async fn insert(connection: &mut AsyncPgConnection, new: NewSession<'_>) -> Result<(), Error> {
    let minutes = (new.end - new.start).num_minutes();
    let inserted = diesel::insert_into(consultation_sessions::table)
        .values((
            consultation_sessions::id.eq(new.id),
            consultation_sessions::user_id.eq(new.client),
            consultation_sessions::booked_by.eq(new.booked_by),
            consultation_sessions::professional_id.eq(new.professional),
            consultation_sessions::session_date.eq(new.start),
            consultation_sessions::duration_minutes.eq(i32::try_from(minutes).unwrap_or(i32::MAX)),
            consultation_sessions::session_type.eq(new.session_type),
            consultation_sessions::session_status.eq(SessionStatus::Scheduled),
            consultation_sessions::session_cost.eq(new.cost),
            consultation_sessions::payment_status.eq(new.payment_status),
            consultation_sessions::payment_due_at.eq(new.payment_due_at),
            consultation_sessions::next_reminder_at.eq(new.next_reminder_at),
            consultation_sessions::follow_up_of.eq(new.follow_up_of),
            consultation_sessions::event_sequence.eq(1),
        ))
        .execute(connection)
        .await;
    inserted.map(|_| ()).map_err(Error::on("consultation_sessions_follow_up_key", SessionError::FollowUpScheduled))
}
