//! The slice's own tables as `diesel print-schema` writes them, except that elements of arrays are not nullable: a CHECK refuses NULL.
//! Tables that several slices have are described by the shared crates that create them.

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

diesel::joinable!(recipe_reviews -> user_recipes (recipe_id));

diesel::allow_tables_to_appear_in_same_query!(recipe_reviews, user_recipes);
