//! The slice's own tables as `diesel print-schema` writes them, except that elements of arrays are not nullable: a CHECK refuses NULL.
//! Tables that several slices have are described by the shared crates that create them.

diesel::table! {
    favourite_recipes (user_id, recipe_id) {
        user_id -> Uuid,
        recipe_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    moderation_decisions (id) {
        id -> Uuid,
        recipe_id -> Uuid,
        moderator_id -> Uuid,
        #[max_length = 20]
        kind -> Varchar,
        note -> Nullable<Text>,
        closed_reports -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    recipe_counter_changes (recipe_id, id) {
        id -> Uuid,
        recipe_id -> Uuid,
        counter -> Int2,
        change -> Int2,
    }
}

diesel::table! {
    recipe_reports (id) {
        id -> Uuid,
        recipe_id -> Uuid,
        reporter_id -> Uuid,
        #[max_length = 20]
        reason -> Varchar,
        note -> Nullable<Text>,
        created_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
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
        edited_at -> Timestamptz,
    }
}

diesel::table! {
    recipe_search (recipe_id) {
        recipe_id -> Uuid,
        version -> Int8,
        rules -> Int2,
        brevity -> Int2,
        prep_time_minutes -> Nullable<Int4>,
        tokens -> Array<Int8>,
    }
}

diesel::table! {
    recipe_search_names (recipe_id) {
        recipe_id -> Uuid,
        brevity -> Int2,
        tokens -> Array<Int8>,
    }
}

diesel::table! {
    review_helpful_votes (review_id, voter_id) {
        review_id -> Uuid,
        voter_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    search_words (word) {
        word -> Text,
        stem -> Int8,
        fragments -> Array<Int8>,
        used_on -> Date,
        recipes -> Int4,
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
        edited_at -> Timestamptz,
        version -> Int8,
        published_at -> Nullable<Timestamptz>,
        hidden_at -> Nullable<Timestamptz>,
        open_reports -> Int4,
        reported_at -> Nullable<Timestamptz>,
        ratings_1 -> Int4,
        ratings_2 -> Int4,
        ratings_3 -> Int4,
        ratings_4 -> Int4,
        ratings_5 -> Int4,
        favourite_count -> Int4,
        last_event_sequence -> Int8,
    }
}

diesel::joinable!(favourite_recipes -> user_recipes (recipe_id));
diesel::joinable!(recipe_counter_changes -> user_recipes (recipe_id));
diesel::joinable!(recipe_reports -> user_recipes (recipe_id));
diesel::joinable!(recipe_reviews -> user_recipes (recipe_id));
diesel::joinable!(recipe_search -> user_recipes (recipe_id));
diesel::joinable!(recipe_search_names -> user_recipes (recipe_id));
diesel::joinable!(review_helpful_votes -> recipe_reviews (review_id));

diesel::allow_tables_to_appear_in_same_query!(
    favourite_recipes,
    moderation_decisions,
    recipe_counter_changes,
    recipe_reports,
    recipe_reviews,
    recipe_search,
    recipe_search_names,
    review_helpful_votes,
    search_words,
    user_recipes,
);
