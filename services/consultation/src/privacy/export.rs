//! Queries of an export. They list the columns, so a new column is exported only after somebody has decided that it may be.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::schema::users;
use orchard_privacy::{Page, Rows};
use serde_json::Value;
use uuid::Uuid;

use super::Part;
use crate::schema::{consultation_sessions, health_professionals, next_slots, session_payments, time_claims};

type Time = DateTime<Utc>;
type Texts = Option<Vec<String>>;

/// Returns the rows of a part.
pub(super) async fn page(connection: &mut AsyncPgConnection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
    macro_rules! rows {
        ($($part:tt)+) => {
            orchard_privacy::rows!(connection, page; $($part)+)
        };
    }
    match part {
        Part::Users => rows!(users by id where users::id.eq(user); id: Uuid, created_at: Time),
        Part::HealthProfessionals => rows!(health_professionals by id where health_professionals::user_id.eq(user);
            id: Uuid, user_id: Option<Uuid>, professional_name: String, credentials: Texts, specializations: Texts,
            bio: Option<String>, years_experience: Option<i32>, consultation_rate: Option<BigDecimal>,
            available_time_slots: Option<Value>, languages: Vec<String>, profile_image_url: Option<String>,
            verification_status: String, verification_documents: Option<Value>, verification_note: Option<String>,
            rejected_version: Option<i64>, rating_average: BigDecimal, total_consultations: i32, is_available: bool, version: i64,
            created_at: Time, updated_at: Time),
        Part::EnteredProfessionals => rows!(health_professionals by id where health_professionals::entered_by.eq(user);
            id: Uuid, entered_by: Option<Uuid>, created_at: Time),
        Part::NextSlots => rows!(next_slots by professional_id where next_slots::professional_id.eq_any(entries(user));
            professional_id: Uuid, next_slot_time: Option<Time>, due_at: Time),
        // The notes are the professional's.
        Part::ConsultationSessions => rows!(consultation_sessions by id
            where consultation_sessions::user_id.eq(user).or(consultation_sessions::booked_by.eq(user).assume_not_null());
            id: Uuid, user_id: Uuid, booked_by: Option<Uuid>, professional_id: Uuid, session_date: Time, duration_minutes: i32,
            session_type: String, session_status: String, cancelled_by: Option<String>, cancel_reason: Option<String>,
            user_feedback_rating: Option<i32>, user_feedback_text: Option<String>, session_cost: Option<BigDecimal>,
            payment_status: String, payment_due_at: Option<Time>, payment_attempts: i32, refund_share: String,
            refund_amount: Option<BigDecimal>, next_reminder_at: Option<Time>, recording_consent: bool,
            recording_url: Option<String>, follow_up_of: Option<Uuid>, follow_up_scheduled: bool, revision: i32,
            created_at: Time, updated_at: Time),
        // Who consulted them, what those said, and the notes about them are of the clients' health.
        Part::SessionsAsProfessional => rows!(consultation_sessions by id
            where consultation_sessions::professional_id.eq_any(entries(user));
            id: Uuid, professional_id: Uuid, session_date: Time, duration_minutes: i32, session_type: String,
            session_status: String, cancelled_by: Option<String>, session_cost: Option<BigDecimal>, payment_status: String,
            refund_amount: Option<BigDecimal>, follow_up_of: Option<Uuid>, follow_up_scheduled: bool, revision: i32,
            created_at: Time, updated_at: Time),
        Part::SessionPayments => rows!(session_payments by id where session_payments::user_id.eq(user);
            id: Uuid, session_id: Uuid, attempt: i32, family_plan_id: Uuid, user_id: Uuid, amount: BigDecimal, status: String,
            created_at: Time, updated_at: Time),
        Part::TimeClaims => rows!(time_claims by id
            where time_claims::user_id.eq(user).or(time_claims::held_by.eq(user).assume_not_null());
            id: Uuid, professional_id: Uuid, user_id: Uuid, starts_at: Time, ends_at: Time, buffer_before_minutes: i32,
            buffer_after_minutes: i32, taken_from: Time, taken_to: Time, expires_at: Option<Time>, held_by: Option<Uuid>,
            held_price: Option<BigDecimal>),
    }
}

/// Returns the ids of a user's entries as a professional.
#[diesel::dsl::auto_type(no_type_alias)]
fn entries(user: Uuid) -> _ {
    let own = health_professionals::user_id.eq(user);
    health_professionals::table.filter(own).select(health_professionals::id)
}
