//! Queries of an erasure.

use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::{
    favourite_recipes, moderation_decisions, recipe_reports, recipe_reviews, review_helpful_votes, user_recipes,
};

/// Recipes that one statement deletes, with all their reviews, within the time limit of statements.
const DELETED_AT_ONCE: usize = 200;

/// Locks the recipes that a user has written or keeps, in the order of their ids.
pub(super) async fn lock_recipes(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let kept: Vec<Uuid> = favourite_recipes::table
        .filter(favourite_recipes::user_id.eq(user))
        .select(favourite_recipes::recipe_id)
        .load(connection)
        .await?;
    let _locked: Vec<Uuid> = user_recipes::table
        .filter(user_recipes::user_id.eq(user).or(user_recipes::id.eq_any(kept)))
        .order(user_recipes::id)
        .select(user_recipes::id)
        // A stronger lock would keep others from reviewing the recipes that the user only keeps.
        .for_no_key_update()
        .load(connection)
        .await?;
    Ok(())
}

/// Deletes the recipes of a user with all that refers to them, and returns their ids.
pub(super) async fn delete_recipes(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let own: Vec<Uuid> =
        user_recipes::table.filter(user_recipes::user_id.eq(user)).select(user_recipes::id).load(connection).await?;
    for part in own.chunks(DELETED_AT_ONCE) {
        diesel::delete(user_recipes::table.filter(user_recipes::id.eq_any(part))).execute(connection).await?;
    }
    Ok(own)
}

/// Deletes the favourites of a user, and returns their recipes.
pub(super) async fn delete_favourites(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let own = favourite_recipes::table.filter(favourite_recipes::user_id.eq(user));
    diesel::delete(own).returning(favourite_recipes::recipe_id).get_results(connection).await
}

/// Returns whether rows that stay name the user.
pub(super) async fn is_referred_to(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let reviews = recipe_reviews::table.filter(recipe_reviews::reviewer_id.eq(user));
    let votes = review_helpful_votes::table.filter(review_helpful_votes::voter_id.eq(user));
    let reports = recipe_reports::table.filter(recipe_reports::reporter_id.eq(user));
    let decisions = moderation_decisions::table.filter(moderation_decisions::moderator_id.eq(user));
    let referred = exists(reviews).or(exists(votes)).or(exists(reports)).or(exists(decisions));
    diesel::select(referred).get_result(connection).await
}

/// Replaces a user by a pseudonym as the writer of reviews, and deletes the texts. The stars stay, and so do averages.
pub(super) async fn repoint_reviews(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(recipe_reviews::table.filter(recipe_reviews::reviewer_id.eq(user)))
        .set((
            recipe_reviews::reviewer_id.eq(pseudonym),
            recipe_reviews::review_text.eq(None::<String>),
            recipe_reviews::updated_at.eq(now),
        ))
        .execute(connection)
        .await
}

/// Replaces a user by a pseudonym as a voter. Others' reviews keep their votes.
pub(super) async fn repoint_votes(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(review_helpful_votes::table.filter(review_helpful_votes::voter_id.eq(user)))
        .set(review_helpful_votes::voter_id.eq(pseudonym))
        .execute(connection)
        .await
}

/// Replaces a user by a pseudonym in their reports, and deletes their words. Moderators still see that there was a report.
pub(super) async fn repoint_reports(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(recipe_reports::table.filter(recipe_reports::reporter_id.eq(user)))
        .set((recipe_reports::reporter_id.eq(pseudonym), recipe_reports::note.eq(None::<String>)))
        .execute(connection)
        .await
}

/// Replaces a moderator by a pseudonym in their decisions, and deletes their words. What was decided and when stays.
pub(super) async fn repoint_decisions(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(moderation_decisions::table.filter(moderation_decisions::moderator_id.eq(user)))
        .set((moderation_decisions::moderator_id.eq(pseudonym), moderation_decisions::note.eq(None::<String>)))
        .execute(connection)
        .await
}
