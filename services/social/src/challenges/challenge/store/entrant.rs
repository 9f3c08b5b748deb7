//! Queries of what entry requirements ask about a user.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::challenges::participant::CompletionStatus;
use crate::schema::{challenge_participants, community_challenges, social_achievements};

/// Returns the number of the platform's challenges that a user has completed.
pub(in crate::challenges::challenge) async fn count_completed(
    mut connection: &AsyncPgConnection,
    user: Uuid,
) -> QueryResult<i64> {
    challenge_participants::table
        .inner_join(community_challenges::table)
        .filter(community_challenges::created_by.is_null())
        .filter(challenge_participants::user_id.eq(user))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Completed))
        .select(count_star())
        .first(&mut connection)
        .await
}

/// Returns those of `required` badges that a user has.
pub(in crate::challenges::challenge) async fn badges(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    required: &[String],
) -> QueryResult<Vec<String>> {
    let badges: Vec<Option<String>> = social_achievements::table
        .filter(social_achievements::user_id.eq(user))
        .filter(social_achievements::badge_awarded.eq_any(required))
        .select(social_achievements::badge_awarded)
        .distinct()
        .order(social_achievements::badge_awarded)
        .load(&mut connection)
        .await?;
    Ok(badges.into_iter().flatten().collect())
}
