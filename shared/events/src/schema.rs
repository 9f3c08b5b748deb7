//! The tables that this crate's migrations create.

diesel::table! {
    outbox (consumer, position) {
        consumer -> Text,
        position -> Int8,
        event_id -> Uuid,
        aggregate_id -> Uuid,
        sequence -> Int8,
        event_type -> Text,
        payload -> Bytea,
        traceparent -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    outbox_failures (consumer, aggregate_id) {
        consumer -> Text,
        aggregate_id -> Uuid,
        position -> Int8,
        attempts -> Int4,
        retry_at -> Nullable<Timestamptz>,
        parked_at -> Nullable<Timestamptz>,
        refusal -> Text,
    }
}

diesel::table! {
    outbox_leases (consumer) {
        consumer -> Text,
        holder -> Uuid,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    inbox (source, aggregate_id) {
        source -> Text,
        aggregate_id -> Uuid,
        sequence -> Int8,
    }
}

diesel::allow_tables_to_appear_in_same_query!(outbox, outbox_failures);
