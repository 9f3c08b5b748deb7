//! The slice's error type.

use orchard_db::Domain;
use orchard_proto::recipe::v1::ErrorReason;

/// Why a call to this slice fails.
pub type Error = orchard_db::Error<Recipe>;

/// The errors of this slice.
#[derive(Debug)]
pub struct Recipe;

impl Domain for Recipe {
    type Reason = ErrorReason;
    const NAME: &'static str = "orchard.recipe";
    const USER_ERASED: ErrorReason = ErrorReason::UserErased;
    const USER_REFERENCES: &'static [&'static str] = &[
        "favourite_recipes_user_id_fkey",
        "moderation_decisions_moderator_id_fkey",
        "recipe_reports_reporter_id_fkey",
        "recipe_reviews_reviewer_id_fkey",
        "review_helpful_votes_voter_id_fkey",
        "user_recipes_user_id_fkey",
    ];
}
