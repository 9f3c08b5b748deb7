//! The table that this crate's migrations create.

diesel::table! {
    intents (id) {
        id -> Uuid,
        kind -> Text,
        step -> Text,
        subject_id -> Uuid,
        attempts -> Int4,
        last_failure -> Nullable<Text>,
        due_at -> Timestamptz,
        traceparent -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}
