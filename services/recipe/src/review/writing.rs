//! Writing reviews and voting for them. Whatever changes a rating changes the counters of its recipe in the same transaction.

use orchard_db::idempotency::Key;
use orchard_db::{Connection, Db};
use orchard_privacy::roll;
use uuid::Uuid;

use super::{Opinion, Patch, Review, ReviewError, store};
use crate::counters::{self, Change, Counter};
use crate::error::Error;
use crate::recipe::{RecipeError, store as recipes};

/// Creates a review, unless the request is a repeated one.
pub(super) async fn create(db: &Db, key: Key, recipe: Uuid, reviewer: Uuid, opinion: Opinion) -> Result<Review, Error> {
    db.write("create review", async move |connection| match key.claim_id(connection).await? {
        (id, true) => {
            roll::enrol_or(connection, reviewer, Error::user_erased).await?;
            let author = recipes::hold_visible(connection, recipe, reviewer).await?.ok_or(RecipeError::NotFound)?;
            if author == reviewer {
                return Err(RecipeError::Own.into());
            }
            // No look before: the constraint decides between two of the same reviewer.
            let inserted = store::insert(connection, id, (recipe, reviewer), &opinion).await;
            let second = Error::on("recipe_reviews_recipe_id_reviewer_id_key", ReviewError::AlreadyReviewed);
            let review = inserted.map_err(second)?;
            counters::change(connection, &[(recipe, Counter::Rating(opinion.rating), Change::Up)]).await?;
            Ok(review)
        }
        (id, false) => Ok(store::find(connection, id, reviewer).await?.ok_or(ReviewError::NotFound)?),
    })
    .await
}

/// Changes a review.
pub(super) async fn update(db: &Db, recipe: Uuid, reviewer: Uuid, patch: Patch) -> Result<Review, Error> {
    db.write("update review", async move |connection| {
        recipes::hold_visible(connection, recipe, reviewer).await?.ok_or(RecipeError::NotFound)?;
        let before = store::lock(connection, recipe, reviewer).await?.ok_or(ReviewError::NotFound)?;
        let opinion = before.opinion.clone().patched(patch);
        if opinion == before.opinion {
            return Ok(before);
        }
        let (old, new) = (before.opinion.rating, opinion.rating);
        if old != new {
            let changes = [(recipe, Counter::Rating(old), Change::Down), (recipe, Counter::Rating(new), Change::Up)];
            counters::change(connection, &changes).await?;
        }
        Ok(store::update(connection, before.id, &opinion).await?)
    })
    .await
}

/// Deletes a review, if there is one.
pub(super) async fn delete(db: &Db, recipe: Uuid, reviewer: Uuid) -> Result<(), Error> {
    db.write("delete review", async move |connection| {
        // The recipe is locked before its review, as by those who delete the recipe.
        if recipes::hold(connection, recipe).await?
            && let Some(rating) = store::delete(connection, recipe, reviewer).await?
        {
            counters::change(connection, &[(recipe, Counter::Rating(rating), Change::Down)]).await?;
        }
        Ok(())
    })
    .await
}

/// Adds or removes a user's vote for a review, and returns the number of votes.
pub(super) async fn vote(db: &Db, review: Uuid, voter: Uuid, is_helpful: bool) -> Result<i32, Error> {
    db.write("vote for review", async move |connection| {
        if is_helpful {
            roll::enrol_or(connection, voter, Error::user_erased).await?;
        }
        let held = if is_helpful {
            store::hold_visible(connection, review, voter).await?
        } else {
            store::hold_voted(connection, review, voter).await?
        };
        let reviewer = held.ok_or(ReviewError::NotFound)?;
        if is_helpful && reviewer == voter {
            return Err(ReviewError::Own.into());
        }
        Ok(change_vote(connection, review, voter, is_helpful).await?)
    })
    .await
}

async fn change_vote(connection: &mut Connection, review: Uuid, voter: Uuid, is_helpful: bool) -> diesel::QueryResult<i32> {
    let (is_changed, more) = if is_helpful {
        (store::insert_vote(connection, review, voter).await?, 1)
    } else {
        (store::delete_vote(connection, review, voter).await?, -1)
    };
    if is_changed { store::count_votes(connection, review, more).await } else { store::votes(connection, review).await }
}
