//! The slice's own tables as `diesel print-schema` writes them, except that elements of arrays are not nullable: a CHECK refuses NULL.
//! Tables that several slices have are described by the shared crates that create them.

diesel::table! {
    consultation_sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        professional_id -> Uuid,
        session_date -> Timestamptz,
        duration_minutes -> Int4,
        #[max_length = 20]
        session_type -> Varchar,
        #[max_length = 20]
        session_status -> Varchar,
        session_notes -> Nullable<Text>,
        user_feedback_rating -> Nullable<Int4>,
        user_feedback_text -> Nullable<Text>,
        session_cost -> Nullable<Numeric>,
        #[max_length = 20]
        payment_status -> Varchar,
        recording_url -> Nullable<Text>,
        follow_up_scheduled -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        booked_by -> Nullable<Uuid>,
        #[max_length = 20]
        cancelled_by -> Nullable<Varchar>,
        cancel_reason -> Nullable<Text>,
        follow_up_of -> Nullable<Uuid>,
        recording_consent -> Bool,
        revision -> Int4,
        revised_at -> Timestamptz,
        event_sequence -> Int8,
        payment_due_at -> Nullable<Timestamptz>,
        payment_attempts -> Int4,
        #[max_length = 10]
        refund_share -> Varchar,
        refund_amount -> Nullable<Numeric>,
        next_reminder_at -> Nullable<Timestamptz>,
    }
}

/// Words that PostgreSQL finds. No query reads or writes them.
#[derive(Debug, diesel::sql_types::SqlType)]
#[diesel(postgres_type(name = "tsvector"))]
pub struct Tsvector;

diesel::table! {
    use diesel::sql_types::*;
    use super::Tsvector;

    health_professionals (id) {
        id -> Uuid,
        user_id -> Nullable<Uuid>,
        #[max_length = 100]
        professional_name -> Varchar,
        credentials -> Nullable<Array<Text>>,
        specializations -> Nullable<Array<Text>>,
        bio -> Nullable<Text>,
        years_experience -> Nullable<Int4>,
        consultation_rate -> Nullable<Numeric>,
        available_time_slots -> Nullable<Jsonb>,
        languages -> Array<Text>,
        profile_image_url -> Nullable<Text>,
        #[max_length = 20]
        verification_status -> Varchar,
        verification_documents -> Nullable<Jsonb>,
        rating_average -> Numeric,
        total_consultations -> Int4,
        is_available -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        verification_note -> Nullable<Text>,
        words -> Tsvector,
        rating_count -> Int4,
        rating_sum -> Int8,
        event_sequence -> Int8,
        rejected_version -> Nullable<Int8>,
        entered_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    time_claims (id) {
        id -> Uuid,
        professional_id -> Uuid,
        user_id -> Uuid,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        buffer_before_minutes -> Int4,
        buffer_after_minutes -> Int4,
        taken_from -> Timestamptz,
        taken_to -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        held_by -> Nullable<Uuid>,
        held_price -> Nullable<Numeric>,
    }
}

diesel::table! {
    next_slots (professional_id) {
        professional_id -> Uuid,
        next_slot_time -> Nullable<Timestamptz>,
        due_at -> Timestamptz,
    }
}

diesel::table! {
    session_payments (id) {
        id -> Uuid,
        session_id -> Uuid,
        attempt -> Int4,
        family_plan_id -> Uuid,
        user_id -> Uuid,
        amount -> Numeric,
        #[max_length = 20]
        status -> Varchar,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(consultation_sessions -> health_professionals (professional_id));
diesel::joinable!(next_slots -> health_professionals (professional_id));
diesel::joinable!(session_payments -> consultation_sessions (session_id));
diesel::joinable!(time_claims -> health_professionals (professional_id));

diesel::allow_tables_to_appear_in_same_query!(
    consultation_sessions,
    health_professionals,
    next_slots,
    session_payments,
    time_claims
);
