//! Queries of an export. They list the columns, so a new column is exported only after somebody has decided that it may be.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::schema::users;
use orchard_privacy::{Page, Rows};
use serde_json::Value;
use uuid::Uuid;

use super::Part;
use crate::schema::{
    favourite_recipes, moderation_decisions, recipe_reports, recipe_reviews, review_helpful_votes, user_recipes,
};

type Time = DateTime<Utc>;
type OptionalTime = Option<DateTime<Utc>>;

/// Returns the rows of a part.
pub(super) async fn page(connection: &mut AsyncPgConnection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
    macro_rules! rows {
        ($($part:tt)+) => {
            orchard_privacy::rows!(connection, page; $($part)+)
        };
    }
    match part {
        Part::Users => rows!(users by id where users::id.eq(user); id: Uuid, created_at: Time),
        // The numbers of reports are those of others; so are ratings and favourites.
        Part::UserRecipes => rows!(user_recipes by id where user_recipes::user_id.eq(user);
            id: Uuid, user_id: Uuid, recipe_name: String, description: Option<String>, ingredients: Value, instructions: String,
            prep_time_minutes: Option<i32>, servings: i32, difficulty_level: i32, nutritional_info: Option<Value>,
            tags: Option<Vec<String>>, image_url: Option<String>, is_public: bool, featured_at: OptionalTime,
            published_at: OptionalTime, hidden_at: OptionalTime, created_at: Time, updated_at: Time, edited_at: Time,
            version: i64),
        Part::RecipeReviews => rows!(recipe_reviews by id where recipe_reviews::reviewer_id.eq(user);
            id: Uuid, recipe_id: Uuid, reviewer_id: Uuid, rating: i32, review_text: Option<String>, helpful_votes: i32,
            created_at: Time, updated_at: Time, edited_at: Time),
        Part::ReviewHelpfulVotes => rows!(review_helpful_votes by review_id where review_helpful_votes::voter_id.eq(user);
            review_id: Uuid, voter_id: Uuid, created_at: Time),
        Part::FavouriteRecipes => rows!(favourite_recipes by recipe_id where favourite_recipes::user_id.eq(user);
            user_id: Uuid, recipe_id: Uuid, created_at: Time),
        Part::RecipeReports => rows!(recipe_reports by id where recipe_reports::reporter_id.eq(user);
            id: Uuid, recipe_id: Uuid, reporter_id: Uuid, reason: String, note: Option<String>, created_at: Time,
            closed_at: OptionalTime),
        Part::ModerationDecisions => rows!(moderation_decisions by id where moderation_decisions::moderator_id.eq(user);
            id: Uuid, recipe_id: Uuid, moderator_id: Uuid, kind: String, note: Option<String>, closed_reports: i32,
            created_at: Time),
    }
}
