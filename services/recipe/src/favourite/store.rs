//! Queries of favourites.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::{Favourite, LastFirst};
use crate::recipe::{Summary, store as recipes};
use crate::schema::favourite_recipes;

/// Inserts a favourite, and returns whether it was none. The user must be on the roll.
pub(super) async fn insert(connection: &mut AsyncPgConnection, user: Uuid, recipe: Uuid) -> QueryResult<bool> {
    let favourite = (favourite_recipes::user_id.eq(user), favourite_recipes::recipe_id.eq(recipe));
    let inserted =
        diesel::insert_into(favourite_recipes::table).values(favourite).on_conflict_do_nothing().execute(connection).await?;
    Ok(inserted > 0)
}

/// Deletes a favourite, and returns whether it was one.
pub(super) async fn delete(connection: &mut AsyncPgConnection, user: Uuid, recipe: Uuid) -> QueryResult<bool> {
    Ok(diesel::delete(favourite_recipes::table.find((user, recipe))).execute(connection).await? > 0)
}

/// Lists the favourites of a user, last added first, with those recipes that they may see.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    page: &PageRequest<LastFirst>,
) -> QueryResult<Vec<Favourite>> {
    let mut own = favourite_recipes::table.filter(favourite_recipes::user_id.eq(user)).into_boxed();
    if let Some(after) = page.after {
        own = own.filter(row(favourite_recipes::created_at, favourite_recipes::recipe_id).lt(after));
    }
    let rows: Vec<(Uuid, DateTime<Utc>)> = own
        .order((favourite_recipes::created_at.desc(), favourite_recipes::recipe_id.desc()))
        .limit(page.fetch())
        .select((favourite_recipes::recipe_id, favourite_recipes::created_at))
        .load(&mut connection)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let visible = recipes::summaries(connection, &ids, user).await?;
    let mut visible: HashMap<Uuid, Summary> = visible.into_iter().map(|summary| (summary.facts.id, summary)).collect();
    let favourite = |(id, created_at)| Favourite { recipe_id: id, created_at, recipe: visible.remove(&id) };
    Ok(rows.into_iter().map(favourite).collect())
}

/// Returns those of these recipes that are favourites of a user, ordered by id.
pub(super) async fn among(mut connection: &AsyncPgConnection, user: Uuid, recipes: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    let own = favourite_recipes::table.filter(favourite_recipes::user_id.eq(user));
    let own = own.filter(favourite_recipes::recipe_id.eq_any(recipes)).order(favourite_recipes::recipe_id);
    own.select(favourite_recipes::recipe_id).load(&mut connection).await
}

/// Counts what [`list`] lists.
pub(super) async fn count(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<i64> {
    let own = favourite_recipes::table.filter(favourite_recipes::user_id.eq(user));
    own.select(count_star()).first(&mut connection).await
}
