//! Rows of `consultation_sessions`.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::payment::Share;
use crate::schema::consultation_sessions;
use crate::session::{CancelledBy, PaymentStatus, Session, SessionStatus, SessionType};

orchard_db::text_column!(SessionStatus);
orchard_db::text_column!(SessionType);
orchard_db::text_column!(PaymentStatus);
orchard_db::text_column!(CancelledBy);

#[derive(Queryable, Selectable)]
#[diesel(table_name = consultation_sessions)]
pub(crate) struct Row {
    id: Uuid,
    user_id: Uuid,
    professional_id: Uuid,
    session_date: DateTime<Utc>,
    duration_minutes: i32,
    session_type: SessionType,
    session_status: SessionStatus,
    session_notes: Option<String>,
    user_feedback_rating: Option<i32>,
    user_feedback_text: Option<String>,
    session_cost: Option<BigDecimal>,
    payment_status: PaymentStatus,
    recording_url: Option<String>,
    follow_up_scheduled: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    booked_by: Option<Uuid>,
    cancelled_by: Option<CancelledBy>,
    cancel_reason: Option<String>,
    follow_up_of: Option<Uuid>,
    recording_consent: bool,
    revision: i32,
    revised_at: DateTime<Utc>,
    payment_due_at: Option<DateTime<Utc>>,
    refund_share: Share,
    refund_amount: Option<BigDecimal>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            client: row.user_id,
            booked_by: row.booked_by,
            professional: row.professional_id,
            start: row.session_date,
            minutes: row.duration_minutes,
            session_type: row.session_type,
            status: row.session_status,
            notes: row.session_notes,
            rating: row.user_feedback_rating,
            feedback_text: row.user_feedback_text,
            cost: row.session_cost,
            payment_status: row.payment_status,
            recording_url: row.recording_url,
            follow_up_scheduled: row.follow_up_scheduled,
            cancelled_by: row.cancelled_by,
            cancel_reason: row.cancel_reason,
            follow_up_of: row.follow_up_of,
            recording_consent: row.recording_consent,
            revision: row.revision,
            revised_at: row.revised_at,
            payment_due_at: row.payment_due_at,
            refund_share: row.refund_share,
            refund_amount: row.refund_amount,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
