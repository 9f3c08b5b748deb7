//! The tables that this crate's migrations create.

diesel::table! {
    idempotency_keys (caller, method, request_id) {
        caller -> Text,
        method -> Text,
        request_id -> Uuid,
        request_hash -> Bytea,
        result_ids -> Array<Uuid>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
    }
}
