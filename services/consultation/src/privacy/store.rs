//! Queries of an erasure.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::schema::users;
use serde_json::Value;
use uuid::Uuid;

use crate::professional::VerificationStatus;
use crate::schema::{consultation_sessions, health_professionals, time_claims};

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

/// Forgets that an operator has entered professionals, and returns how many.
pub(super) async fn forget_entering(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::update(health_professionals::table.filter(health_professionals::entered_by.eq(user)))
        .set((health_professionals::entered_by.eq(None::<Uuid>), health_professionals::updated_at.eq(now)))
        .execute(connection)
        .await
}

/// Deletes what professionals have written about sessions and recorded of them, and cancels those to come. Returns how many sessions there are.
pub(super) async fn blank_sessions_with(connection: &mut AsyncPgConnection, professionals: &[Uuid]) -> QueryResult<usize> {
    let sessions = || consultation_sessions::table.filter(consultation_sessions::professional_id.eq_any(professionals));
    diesel::update(sessions().filter(is_to_come()))
        .set((consultation_sessions::session_status.eq("cancelled"), consultation_sessions::updated_at.eq(now)))
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

/// Whether a session is to come.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_to_come() -> _ {
    consultation_sessions::session_status.eq("scheduled").and(consultation_sessions::session_date.gt(now))
}

/// Frees the time of holds and of sessions to come: the user's, and those with these professionals. Returns how many there were.
pub(super) async fn free_time(connection: &mut AsyncPgConnection, user: Uuid, professionals: &[Uuid]) -> QueryResult<usize> {
    let open = || {
        let over = consultation_sessions::table
            .filter(consultation_sessions::id.eq(time_claims::id))
            .filter(consultation_sessions::session_status.ne("cancelled").and(not(is_to_come())));
        time_claims::table.filter(not(exists(over)))
    };
    let with_them = open().filter(time_claims::professional_id.eq_any(professionals)).filter(time_claims::user_id.ne(user));
    let freed = diesel::delete(with_them).execute(connection).await?;
    Ok(freed + diesel::delete(open().filter(time_claims::user_id.eq(user))).execute(connection).await?)
}

/// Replaces a user by a pseudonym in the time that their sessions took.
pub(super) async fn repoint_claims(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(time_claims::table.filter(time_claims::user_id.eq(user)))
        .set(time_claims::user_id.eq(pseudonym))
        .execute(connection)
        .await
}

/// Returns whether the user has consulted a professional.
pub(super) async fn has_sessions(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let sessions = consultation_sessions::table.filter(consultation_sessions::user_id.eq(user));
    diesel::select(exists(sessions)).get_result(connection).await
}

/// Adds a pseudonym. It was created at the epoch, because the time of the erasure would identify the user.
pub(super) async fn add_pseudonym(connection: &mut AsyncPgConnection, pseudonym: Uuid) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values((users::id.eq(pseudonym), users::created_at.eq(DateTime::<Utc>::UNIX_EPOCH)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Replaces a user by a pseudonym as the client of sessions, deletes what was written and recorded of them, and cancels those to come.
/// Ratings stay, and so does the professional's mean.
pub(super) async fn repoint_sessions(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let own = || consultation_sessions::table.filter(consultation_sessions::user_id.eq(user));
    diesel::update(own().filter(is_to_come()))
        .set((consultation_sessions::session_status.eq("cancelled"), consultation_sessions::updated_at.eq(now)))
        .execute(connection)
        .await?;
    diesel::update(own())
        .set((
            consultation_sessions::user_id.eq(pseudonym),
            consultation_sessions::session_notes.eq(None::<String>),
            consultation_sessions::user_feedback_text.eq(None::<String>),
            consultation_sessions::recording_url.eq(None::<String>),
            consultation_sessions::updated_at.eq(now),
        ))
        .execute(connection)
        .await
}
