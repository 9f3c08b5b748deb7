//! The tables as `diesel print-schema` writes them, but for arrays: a CHECK keeps NULL out of their elements.

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

diesel::table! {
    recipe_reviews (id) {
        id -> Uuid,
        recipe_id -> Uuid,
        reviewer_id -> Uuid,
        rating -> Int4,
        review_text -> Nullable<Text>,
        helpful_votes -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    user_recipes (id) {
        id -> Uuid,
        user_id -> Uuid,
        #[max_length = 100]
        recipe_name -> Varchar,
        description -> Nullable<Text>,
        ingredients -> Jsonb,
        instructions -> Text,
        prep_time_minutes -> Nullable<Int4>,
        servings -> Int4,
        difficulty_level -> Int4,
        nutritional_info -> Nullable<Jsonb>,
        tags -> Nullable<Array<Text>>,
        image_url -> Nullable<Text>,
        is_public -> Bool,
        featured_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::joinable!(recipe_reviews -> user_recipes (recipe_id));
diesel::joinable!(recipe_reviews -> users (reviewer_id));
diesel::joinable!(user_recipes -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(idempotency_keys, recipe_reviews, user_recipes, users,);
