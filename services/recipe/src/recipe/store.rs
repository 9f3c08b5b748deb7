//! Queries of recipes.

mod row;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::{Content, Heading, NewestFirst, Recipe, Summary};
use crate::counters::pending;
use crate::schema::user_recipes;
use row::{ContentColumns, ContentRow, FactsRow, HeadingRow};

/// A recipe that is locked to be changed.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) user_id: Uuid,
    pub(crate) version: i64,
    pub(crate) content: Content,
    pub(crate) is_hidden: bool,
    pub(crate) is_featured: bool,
    pub(crate) was_published: bool,
}

impl Locked {
    /// Returns whether a user may see the recipe.
    pub(crate) fn is_visible_to(&self, viewer: Uuid) -> bool {
        self.user_id == viewer || self.content.heading.is_public && !self.is_hidden
    }
}

/// Whether `viewer` may see the recipe of the query's row: everyone sees it, or they wrote it.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn visible_to(viewer: Uuid) -> _ {
    let own = user_recipes::user_id.eq(viewer);
    let public: is_seen_by_all = is_seen_by_all();
    public.or(own)
}

/// Whether everyone sees the recipe of the query's row.
#[diesel::dsl::auto_type]
pub(crate) fn is_seen_by_all() -> _ {
    user_recipes::is_public.and(user_recipes::hidden_at.is_null())
}

/// Inserts a recipe. The author must be on the roll.
pub(super) async fn insert(connection: &mut AsyncPgConnection, id: Uuid, author: Uuid, content: &Content) -> QueryResult<()> {
    diesel::insert_into(user_recipes::table)
        .values((user_recipes::id.eq(id), user_recipes::user_id.eq(author), ContentColumns::new(content)?))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Writes a changed content.
pub(super) async fn update(connection: &mut AsyncPgConnection, id: Uuid, content: &Content) -> QueryResult<()> {
    diesel::update(user_recipes::table.find(id))
        .set((
            ContentColumns::new(content)?,
            user_recipes::version.eq(user_recipes::version + 1),
            user_recipes::edited_at.eq(now),
            user_recipes::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Features a locked recipe, or ends that it is featured.
pub(crate) async fn set_featured(connection: &mut AsyncPgConnection, recipe: Uuid, is_featured: bool) -> QueryResult<()> {
    let row = user_recipes::table.find(recipe);
    if is_featured {
        let featured = (user_recipes::featured_at.eq(now), user_recipes::updated_at.eq(now));
        diesel::update(row).set(featured).execute(connection).await.map(|_| ())
    } else {
        let plain = (user_recipes::featured_at.eq(None::<DateTime<Utc>>), user_recipes::updated_at.eq(now));
        diesel::update(row).set(plain).execute(connection).await.map(|_| ())
    }
}

/// Deletes a recipe with all that refers to it.
pub(super) async fn delete(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::delete(user_recipes::table.find(id)).execute(connection).await.map(|_| ())
}

/// Records that a recipe was published.
pub(super) async fn set_published(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::update(user_recipes::table.find(id))
        .set((user_recipes::published_at.eq(now), user_recipes::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns the sequence of the next event of a recipe, whose row must be locked.
pub(crate) async fn next_sequence(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<i64> {
    diesel::update(user_recipes::table.find(id))
        .set((user_recipes::last_event_sequence.eq(user_recipes::last_event_sequence + 1), user_recipes::updated_at.eq(now)))
        .returning(user_recipes::last_event_sequence)
        .get_result(connection)
        .await
}

/// Locks a recipe, and returns it without its numbers.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Locked>> {
    let found: Option<(FactsRow, HeadingRow, ContentRow)> = user_recipes::table
        .find(id)
        .select((FactsRow::as_select(), HeadingRow::as_select(), ContentRow::as_select()))
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(|(facts, heading, rest)| Locked {
        user_id: facts.user_id,
        version: facts.version,
        is_hidden: facts.hidden_at.is_some(),
        is_featured: facts.featured_at.is_some(),
        was_published: facts.published_at.is_some(),
        content: rest.with(Heading::from(heading)),
    }))
}

/// Keeps a recipe that `viewer` may see from being deleted before the transaction ends, and returns its author. Others do the same at the
/// same time.
pub(crate) async fn hold_visible(connection: &mut AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Uuid>> {
    let found = user_recipes::table.find(id).filter(visible_to(viewer)).select(user_recipes::user_id).for_key_share();
    found.first(connection).await.optional()
}

/// Keeps a recipe from being deleted before the transaction ends, and returns whether there is one.
pub(crate) async fn hold(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let found = user_recipes::table.find(id).select(user_recipes::id).for_key_share();
    Ok(found.first::<Uuid>(connection).await.optional()?.is_some())
}

/// Returns whether `viewer` may see a recipe.
pub(crate) async fn is_visible(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<bool> {
    let found = user_recipes::table.find(id).filter(visible_to(viewer)).select(user_recipes::id);
    Ok(found.first::<Uuid>(&mut connection).await.optional()?.is_some())
}

/// Returns whether a recipe of this author is public; `None` if they have no such recipe.
pub(super) async fn is_public(mut connection: &AsyncPgConnection, id: Uuid, author: Uuid) -> QueryResult<Option<bool>> {
    let own = user_recipes::table.find(id).filter(user_recipes::user_id.eq(author)).select(user_recipes::is_public);
    own.first(&mut connection).await.optional()
}

type Found = (FactsRow, HeadingRow, ContentRow, Vec<i64>);

fn recipe((facts, heading, rest, pending): Found) -> Recipe {
    Recipe { facts: facts.with(&pending), content: rest.with(heading.into()) }
}

fn summary((facts, heading, pending): (FactsRow, HeadingRow, Vec<i64>)) -> Summary {
    Summary { facts: facts.with(&pending), heading: heading.into() }
}

/// Returns a recipe that `viewer` may see.
pub(super) async fn find_visible(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Recipe>> {
    user_recipes::table
        .find(id)
        .filter(visible_to(viewer))
        .select((FactsRow::as_select(), HeadingRow::as_select(), ContentRow::as_select(), pending()))
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(recipe))
}

/// Returns a recipe, also if it is private or hidden.
pub(crate) async fn find(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Recipe>> {
    user_recipes::table
        .find(id)
        .select((FactsRow::as_select(), HeadingRow::as_select(), ContentRow::as_select(), pending()))
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(recipe))
}

/// Returns those of these recipes that `viewer` may see, in the order of their ids.
pub(super) async fn batch(mut connection: &AsyncPgConnection, ids: &[Uuid], viewer: Uuid) -> QueryResult<Vec<Recipe>> {
    let found: Vec<Found> = user_recipes::table
        .filter(user_recipes::id.eq_any(ids))
        .filter(visible_to(viewer))
        .order(user_recipes::id)
        .select((FactsRow::as_select(), HeadingRow::as_select(), ContentRow::as_select(), pending()))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(recipe).collect())
}

/// Returns those of these recipes that `viewer` may see, in no order.
pub(crate) async fn summaries(mut connection: &AsyncPgConnection, ids: &[Uuid], viewer: Uuid) -> QueryResult<Vec<Summary>> {
    let found: Vec<(FactsRow, HeadingRow, Vec<i64>)> = user_recipes::table
        .filter(user_recipes::id.eq_any(ids))
        .filter(visible_to(viewer))
        .select((FactsRow::as_select(), HeadingRow::as_select(), pending()))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(summary).collect())
}

/// Returns these recipes, private and hidden ones too, in no order.
pub(crate) async fn all_summaries(mut connection: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Summary>> {
    let found: Vec<(FactsRow, HeadingRow, Vec<i64>)> = user_recipes::table
        .filter(user_recipes::id.eq_any(ids))
        .select((FactsRow::as_select(), HeadingRow::as_select(), pending()))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(summary).collect())
}

/// Lists the recipes with open reports, with their number and the time of the oldest, the longest waiting first.
pub(crate) async fn reported(
    mut connection: &AsyncPgConnection,
    page: &PageRequest<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<(Summary, i32, DateTime<Utc>)>> {
    type Row = (FactsRow, HeadingRow, Vec<i64>, i32, DateTime<Utc>);
    let reported_at = user_recipes::reported_at.assume_not_null();
    let mut reported = user_recipes::table.filter(user_recipes::reported_at.is_not_null()).into_boxed();
    if let Some(after) = page.after {
        reported = reported.filter(pair(reported_at, user_recipes::id).gt(after));
    }
    let found: Vec<Row> = reported
        .order((user_recipes::reported_at, user_recipes::id))
        .limit(page.fetch())
        .select((FactsRow::as_select(), HeadingRow::as_select(), pending(), user_recipes::open_reports, reported_at))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(|(facts, heading, counts, open, at)| (summary((facts, heading, counts)), open, at)).collect())
}

/// Lists the recipes of an author, newest first.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    author: Uuid,
    page: &PageRequest<NewestFirst>,
) -> QueryResult<Vec<Summary>> {
    let mut own = user_recipes::table.filter(user_recipes::user_id.eq(author)).into_boxed();
    if let Some(after) = page.after {
        own = own.filter(pair(user_recipes::created_at, user_recipes::id).lt(after));
    }
    let found: Vec<(FactsRow, HeadingRow, Vec<i64>)> = own
        .order((user_recipes::created_at.desc(), user_recipes::id.desc()))
        .limit(page.fetch())
        .select((FactsRow::as_select(), HeadingRow::as_select(), pending()))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(summary).collect())
}
