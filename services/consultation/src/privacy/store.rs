//! Queries of an erasure.

use bigdecimal::BigDecimal;
use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::professional::VerificationStatus;
use crate::schema::{consultation_sessions, health_professionals, session_payments, time_claims};
use crate::session::store::is_theirs;

/// What stands in the place of an erased professional's name.
const NO_NAME: &str = "Former professional";

/// Deletes all that a professional has stated, and returns the ids of the entries. The numbers stay.
pub(super) async fn blank_professional(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    diesel::update(health_professionals::table.filter(health_professionals::user_id.eq(user)))
        .set((
            (
                health_professionals::user_id.eq(None::<Uuid>),
                health_professionals::professional_name.eq(NO_NAME),
                health_professionals::credentials.eq(None::<Vec<String>>),
                health_professionals::specializations.eq(None::<Vec<String>>),
                health_professionals::bio.eq(None::<String>),
                health_professionals::years_experience.eq(None::<i32>),
                health_professionals::consultation_rate.eq(None::<BigDecimal>),
                health_professionals::available_time_slots.eq(None::<Value>),
            ),
            (
                health_professionals::languages.eq(Vec::<String>::new()),
                health_professionals::profile_image_url.eq(None::<String>),
                health_professionals::verification_documents.eq(None::<Value>),
                health_professionals::verification_note.eq(None::<String>),
                health_professionals::rejected_version.eq(None::<i64>),
                health_professionals::verification_status.eq(VerificationStatus::Suspended),
                health_professionals::is_available.eq(false),
                health_professionals::version.eq(health_professionals::version + 1),
                health_professionals::updated_at.eq(now),
            ),
        ))
        .returning(health_professionals::id)
        .get_results(connection)
        .await
}

/// Has a professional take no more bookings, and returns the ids of the entries.
pub(super) async fn close_professional(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    diesel::update(health_professionals::table.filter(health_professionals::user_id.eq(user)))
        .set((
            health_professionals::is_available.eq(false),
            health_professionals::version.eq(health_professionals::version + 1),
            health_professionals::updated_at.eq(now),
        ))
        .returning(health_professionals::id)
        .get_results(connection)
        .await
}

/// Returns the ids of the payments that a user has made.
pub(super) async fn payments(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let own = session_payments::table.filter(session_payments::user_id.eq(user));
    own.select(session_payments::id).load(&mut connection).await
}

/// Locks all professionals whose rows, sessions or holds an erasure changes: the user's own, those whom they consulted, hold or have entered.
pub(super) async fn lock_professionals(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let sessions = consultation_sessions::table
        .filter(consultation_sessions::professional_id.eq(health_professionals::id))
        .filter(is_theirs(user));
    let holds = time_claims::table
        .filter(time_claims::professional_id.eq(health_professionals::id))
        .filter(time_claims::expires_at.is_not_null())
        .filter(time_claims::user_id.eq(user).or(time_claims::held_by.eq(user).assume_not_null()));
    let own = health_professionals::user_id.eq(user).assume_not_null();
    let entered = health_professionals::entered_by.eq(user).assume_not_null();
    let rows = health_professionals::table
        .filter(own.or(entered).or(exists(sessions)).or(exists(holds)))
        .order(health_professionals::id)
        .select(health_professionals::id)
        .for_no_key_update();
    rows.load::<Uuid>(connection).await.map(|_| ())
}

/// Locks the sessions to come of a user, or that they booked, or with them as a professional, after the professionals.
pub(super) async fn lock_sessions_to_come(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let entries = health_professionals::table
        .filter(health_professionals::user_id.eq(user).assume_not_null())
        .select(health_professionals::id);
    let rows = consultation_sessions::table
        .filter(is_theirs(user).or(consultation_sessions::professional_id.eq_any(entries)))
        .filter(consultation_sessions::session_date.gt(now))
        .order(consultation_sessions::id)
        .select(consultation_sessions::id)
        .for_no_key_update();
    rows.load::<Uuid>(connection).await.map(|_| ())
}

/// What has events that name a user.
pub(super) struct Named {
    /// The sessions of a user, or that they booked.
    pub(super) own: Vec<Uuid>,
    /// The sessions with the user as a professional.
    pub(super) with_them: Vec<Uuid>,
    /// The user as a professional.
    pub(super) professionals: Vec<Uuid>,
}

/// Returns what has events that name a user.
pub(super) async fn named(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Named> {
    let entries = health_professionals::table.filter(health_professionals::user_id.eq(user));
    let professionals: Vec<Uuid> = entries.select(health_professionals::id).load(connection).await?;
    let sessions = || consultation_sessions::table.select(consultation_sessions::id);
    let own = sessions().filter(is_theirs(user)).load(connection).await?;
    let with_them = sessions().filter(consultation_sessions::professional_id.eq_any(&professionals)).load(connection).await?;
    Ok(Named { own, with_them, professionals })
}

/// Forgets that an operator has entered professionals, and returns how many.
pub(super) async fn forget_entering(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::update(health_professionals::table.filter(health_professionals::entered_by.eq(user)))
        .set((health_professionals::entered_by.eq(None::<Uuid>), health_professionals::updated_at.eq(now)))
        .execute(connection)
        .await
}

/// Deletes what professionals have written about sessions and recorded of them. Returns how many sessions there are.
pub(super) async fn blank_sessions_with(connection: &mut AsyncPgConnection, professionals: &[Uuid]) -> QueryResult<usize> {
    let sessions = || consultation_sessions::table.filter(consultation_sessions::professional_id.eq_any(professionals));
    diesel::update(sessions().filter(consultation_sessions::cancelled_by.eq("professional")))
        .set((consultation_sessions::cancel_reason.eq(None::<String>), consultation_sessions::updated_at.eq(now)))
        .execute(connection)
        .await?;
    diesel::update(sessions())
        .set((
            consultation_sessions::session_notes.eq(None::<String>),
            consultation_sessions::recording_url.eq(None::<String>),
            consultation_sessions::updated_at.eq(now),
        ))
        .execute(connection)
        .await
}

/// Ends the holds of a user, and those of these professionals, and returns whose time each has freed.
pub(super) async fn end_holds(connection: &mut AsyncPgConnection, user: Uuid, professionals: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    let held = time_claims::held_by.eq(user).assume_not_null().or(time_claims::user_id.eq(user));
    let holds = time_claims::table
        .filter(time_claims::expires_at.is_not_null())
        .filter(time_claims::professional_id.eq_any(professionals).or(held));
    diesel::delete(holds).returning(time_claims::professional_id).get_results(connection).await
}

/// Replaces a user by a pseudonym in the time that their sessions took.
pub(super) async fn repoint_claims(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(time_claims::table.filter(time_claims::user_id.eq(user)))
        .set(time_claims::user_id.eq(pseudonym))
        .execute(connection)
        .await
}

/// Replaces a user by a pseudonym in the payments that they made.
pub(super) async fn repoint_payments(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(session_payments::table.filter(session_payments::user_id.eq(user)))
        .set((session_payments::user_id.eq(pseudonym), session_payments::updated_at.eq(now)))
        .execute(connection)
        .await
}

/// Returns whether the user has consulted a professional, or booked for a child.
pub(super) async fn has_sessions(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    diesel::select(exists(consultation_sessions::table.filter(is_theirs(user)))).get_result(connection).await
}

/// Replaces a user by a pseudonym in sessions, and deletes what was written and recorded of them as a client. Ratings stay, and so does the
/// professional's mean.
pub(super) async fn repoint_sessions(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let booked = consultation_sessions::table.filter(consultation_sessions::booked_by.eq(user));
    // What the guardian wrote goes, and the consent that nobody else could withdraw.
    let booked = diesel::update(booked)
        .set((
            consultation_sessions::booked_by.eq(pseudonym),
            consultation_sessions::user_feedback_text.eq(None::<String>),
            consultation_sessions::cancel_reason.eq(None::<String>),
            consultation_sessions::recording_consent.eq(false),
            consultation_sessions::recording_url.eq(None::<String>),
            consultation_sessions::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    let own = diesel::update(consultation_sessions::table.filter(consultation_sessions::user_id.eq(user)))
        .set((
            consultation_sessions::user_id.eq(pseudonym),
            consultation_sessions::session_notes.eq(None::<String>),
            consultation_sessions::user_feedback_text.eq(None::<String>),
            consultation_sessions::recording_url.eq(None::<String>),
            consultation_sessions::cancel_reason.eq(None::<String>),
            consultation_sessions::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(booked + own)
}
