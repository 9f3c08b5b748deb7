//! Queries of reviews and votes.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::{Opinion, Order, Position, Review, ReviewView};
use crate::recipe::store::visible_to;
use crate::schema::{recipe_reviews, review_helpful_votes, user_recipes};

#[derive(Queryable, Selectable)]
#[diesel(table_name = recipe_reviews)]
struct Row {
    id: Uuid,
    recipe_id: Uuid,
    reviewer_id: Uuid,
    rating: i32,
    review_text: Option<String>,
    helpful_votes: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    edited_at: DateTime<Utc>,
}

impl From<Row> for Review {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            recipe_id: row.recipe_id,
            reviewer_id: row.reviewer_id,
            opinion: Opinion { rating: row.rating, review_text: row.review_text },
            helpful_votes: row.helpful_votes,
            created_at: row.created_at,
            updated_at: row.updated_at,
            edited_at: row.edited_at,
        }
    }
}

/// The review of a recipe by this user.
#[diesel::dsl::auto_type(no_type_alias)]
fn of(recipe: Uuid, reviewer: Uuid) -> _ {
    recipe_reviews::table.filter(recipe_reviews::recipe_id.eq(recipe)).filter(recipe_reviews::reviewer_id.eq(reviewer))
}

/// Inserts a review. The reviewer must be on the roll.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    (recipe, reviewer): (Uuid, Uuid),
    opinion: &Opinion,
) -> QueryResult<Review> {
    diesel::insert_into(recipe_reviews::table)
        .values((
            recipe_reviews::id.eq(id),
            recipe_reviews::recipe_id.eq(recipe),
            recipe_reviews::reviewer_id.eq(reviewer),
            recipe_reviews::rating.eq(opinion.rating),
            recipe_reviews::review_text.eq(&opinion.review_text),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Review::from)
}

/// Locks the review of a recipe by this user, and returns it.
pub(super) async fn lock(connection: &mut AsyncPgConnection, recipe: Uuid, reviewer: Uuid) -> QueryResult<Option<Review>> {
    let row: Option<Row> =
        of(recipe, reviewer).select(Row::as_select()).for_no_key_update().first(connection).await.optional()?;
    Ok(row.map(Review::from))
}

/// Writes a changed opinion.
pub(super) async fn update(connection: &mut AsyncPgConnection, id: Uuid, opinion: &Opinion) -> QueryResult<Review> {
    diesel::update(recipe_reviews::table.find(id))
        .set((
            recipe_reviews::rating.eq(opinion.rating),
            recipe_reviews::review_text.eq(&opinion.review_text),
            recipe_reviews::edited_at.eq(now),
            recipe_reviews::updated_at.eq(now),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Review::from)
}

/// Deletes the review of a recipe by this user, and returns its rating if there was one.
pub(super) async fn delete(connection: &mut AsyncPgConnection, recipe: Uuid, reviewer: Uuid) -> QueryResult<Option<i32>> {
    diesel::delete(of(recipe, reviewer)).returning(recipe_reviews::rating).get_result(connection).await.optional()
}

/// Returns a review by its id, if this user wrote it.
pub(super) async fn find(mut connection: &AsyncPgConnection, id: Uuid, reviewer: Uuid) -> QueryResult<Option<Review>> {
    let row: Option<Row> = recipe_reviews::table
        .find(id)
        .filter(recipe_reviews::reviewer_id.eq(reviewer))
        .select(Row::as_select())
        .first(&mut connection)
        .await
        .optional()?;
    Ok(row.map(Review::from))
}

/// Returns the review of a recipe by this user.
pub(super) async fn find_own(mut connection: &AsyncPgConnection, recipe: Uuid, reviewer: Uuid) -> QueryResult<Option<Review>> {
    let row: Option<Row> = of(recipe, reviewer).select(Row::as_select()).first(&mut connection).await.optional()?;
    Ok(row.map(Review::from))
}

/// Whether the viewer finds the review of the query's row helpful.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_voted_by(viewer: Uuid) -> _ {
    let vote = review_helpful_votes::table
        .filter(review_helpful_votes::review_id.eq(recipe_reviews::id))
        .filter(review_helpful_votes::voter_id.eq(viewer));
    exists(vote)
}

/// Lists the reviews of a recipe.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    (recipe, viewer): (Uuid, Uuid),
    order: Order,
    page: &PageRequest<Position>,
) -> QueryResult<Vec<ReviewView>> {
    let mut of_recipe = recipe_reviews::table.filter(recipe_reviews::recipe_id.eq(recipe)).into_boxed();
    of_recipe = match page.after {
        Some(Position::Helpful(votes, id)) => {
            of_recipe.filter(row(recipe_reviews::helpful_votes, recipe_reviews::id).lt((votes, id)))
        }
        Some(Position::Newest(time, id)) => of_recipe.filter(row(recipe_reviews::created_at, recipe_reviews::id).lt((time, id))),
        None => of_recipe,
    };
    of_recipe = match order {
        Order::Helpful => of_recipe.order((recipe_reviews::helpful_votes.desc(), recipe_reviews::id.desc())),
        Order::Newest => of_recipe.order((recipe_reviews::created_at.desc(), recipe_reviews::id.desc())),
    };
    let rows: Vec<(Row, bool)> =
        of_recipe.limit(page.fetch()).select((Row::as_select(), is_voted_by(viewer))).load(&mut connection).await?;
    Ok(rows.into_iter().map(|(row, is_voted)| ReviewView { review: row.into(), is_voted }).collect())
}

/// Keeps a review, whose recipe `viewer` may see, from being deleted before the transaction ends, and returns its reviewer.
pub(super) async fn hold_visible(connection: &mut AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Uuid>> {
    let visible = user_recipes::table.filter(user_recipes::id.eq(recipe_reviews::recipe_id)).filter(visible_to(viewer));
    let found = recipe_reviews::table.find(id).filter(exists(visible)).select(recipe_reviews::reviewer_id).for_key_share();
    found.first(connection).await.optional()
}

/// Does the same if `viewer` may see the recipe, or has voted for the review.
pub(super) async fn hold_voted(connection: &mut AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Uuid>> {
    let visible = user_recipes::table.filter(user_recipes::id.eq(recipe_reviews::recipe_id)).filter(visible_to(viewer));
    let vote = review_helpful_votes::table.find((id, viewer));
    let known = recipe_reviews::table.find(id).filter(exists(visible).or(exists(vote)));
    known.select(recipe_reviews::reviewer_id).for_key_share().first(connection).await.optional()
}

/// Inserts a vote, and returns whether there was none.
pub(super) async fn insert_vote(connection: &mut AsyncPgConnection, review: Uuid, voter: Uuid) -> QueryResult<bool> {
    let vote = (review_helpful_votes::review_id.eq(review), review_helpful_votes::voter_id.eq(voter));
    let inserted =
        diesel::insert_into(review_helpful_votes::table).values(vote).on_conflict_do_nothing().execute(connection).await?;
    Ok(inserted > 0)
}

/// Deletes a vote, and returns whether there was one.
pub(super) async fn delete_vote(connection: &mut AsyncPgConnection, review: Uuid, voter: Uuid) -> QueryResult<bool> {
    Ok(diesel::delete(review_helpful_votes::table.find((review, voter))).execute(connection).await? > 0)
}

/// Adds to the number of votes of a review, and returns the sum.
pub(super) async fn count_votes(connection: &mut AsyncPgConnection, review: Uuid, more: i32) -> QueryResult<i32> {
    diesel::update(recipe_reviews::table.find(review))
        .set((recipe_reviews::helpful_votes.eq(recipe_reviews::helpful_votes + more), recipe_reviews::updated_at.eq(now)))
        .returning(recipe_reviews::helpful_votes)
        .get_result(connection)
        .await
}

/// Returns the number of votes of a review.
pub(super) async fn votes(connection: &mut AsyncPgConnection, review: Uuid) -> QueryResult<i32> {
    recipe_reviews::table.find(review).select(recipe_reviews::helpful_votes).first(connection).await
}
