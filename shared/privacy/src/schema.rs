//! The tables that this crate's migrations create.
#![expect(missing_docs, reason = "the migrations explain tables and columns")]

diesel::table! {
    erased_users (user_hash) {
        user_hash -> Bytea,
        erased_at -> Timestamptz,
    }
}

diesel::table! {
    erasure_receipts (request_id) {
        request_id -> Uuid,
        table_counts -> Jsonb,
        is_done -> Bool,
        erased_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(erased_users, users);
