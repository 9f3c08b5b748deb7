//! Of the tables of slices that erase, what all of them have.

diesel::table! {
    users (id) {
        id -> Uuid,
    }
}

diesel::table! {
    erased_users (user_hash) {
        user_hash -> Bytea,
    }
}

diesel::allow_tables_to_appear_in_same_query!(erased_users, users);
