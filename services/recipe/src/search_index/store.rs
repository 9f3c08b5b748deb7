//! Queries of the index.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::document::{Document, Texts, VERSION};
use super::vocabulary::learn;
use crate::schema::{recipe_search, recipe_search_names, user_recipes};

/// A recipe as far as it is indexed.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = user_recipes)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    version: i64,
    is_public: bool,
    hidden_at: Option<DateTime<Utc>>,
    recipe_name: String,
    description: Option<String>,
    ingredients: Value,
    tags: Option<Vec<String>>,
    prep_time_minutes: Option<i32>,
    difficulty_level: i32,
}

/// What tells whether a recipe is indexed as it is.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = user_recipes)]
struct State {
    id: Uuid,
    version: i64,
    is_public: bool,
    hidden_at: Option<DateTime<Utc>>,
}

impl Row {
    fn indexed(self) -> (Self, Document) {
        let document = Document::of(&Texts {
            author: self.user_id,
            recipe_name: &self.recipe_name,
            description: self.description.as_deref(),
            foods: foods_of(&self.ingredients).collect(),
            tags: self.tags.iter().flatten().map(String::as_str).collect(),
            prep_time_minutes: self.prep_time_minutes,
            difficulty_level: self.difficulty_level,
        });
        (self, document)
    }
}

/// Returns the foods of a list of ingredients, one for each.
fn foods_of(ingredients: &Value) -> impl Iterator<Item = &str> {
    ingredients.as_array().into_iter().flatten().map(|ingredient| ingredient["food"].as_str().unwrap_or_default())
}

/// Writes recipes, whose rows must be locked, to the index as they are now. Those that not everyone may see leave it.
pub(crate) async fn write(connection: &mut AsyncPgConnection, recipes: &[Uuid]) -> QueryResult<()> {
    let rows: Vec<Row> =
        user_recipes::table.filter(user_recipes::id.eq_any(recipes)).select(Row::as_select()).load(connection).await?;
    let (shown, others): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.is_public && row.hidden_at.is_none());
    remove(connection, &others).await?;
    let documents: Vec<(Row, Document)> = shown.into_iter().map(Row::indexed).collect();
    if documents.is_empty() {
        return Ok(());
    }
    let vocabulary = documents.iter().flat_map(|(_, document)| &document.vocabulary).map(|(word, stem)| (word.as_str(), *stem));
    let today = orchard_db::moment(connection).await?.date_naive();
    learn(connection, vocabulary.collect(), today).await?;
    insert(connection, &documents).await
}

async fn remove(connection: &mut AsyncPgConnection, rows: &[Row]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    diesel::delete(recipe_search::table.filter(recipe_search::recipe_id.eq_any(&ids))).execute(connection).await?;
    let names = recipe_search_names::table.filter(recipe_search_names::recipe_id.eq_any(&ids));
    diesel::delete(names).execute(connection).await.map(|_| ())
}

async fn insert(connection: &mut AsyncPgConnection, documents: &[(Row, Document)]) -> QueryResult<()> {
    let rows: Vec<_> = documents
        .iter()
        .map(|(row, document)| {
            (
                recipe_search::recipe_id.eq(row.id),
                recipe_search::version.eq(row.version),
                recipe_search::rules.eq(VERSION),
                recipe_search::brevity.eq(document.brevity),
                recipe_search::prep_time_minutes.eq(row.prep_time_minutes),
                recipe_search::tokens.eq(&document.tokens),
            )
        })
        .collect();
    diesel::insert_into(recipe_search::table)
        .values(rows)
        .on_conflict(recipe_search::recipe_id)
        .do_update()
        .set((
            recipe_search::version.eq(excluded(recipe_search::version)),
            recipe_search::rules.eq(excluded(recipe_search::rules)),
            recipe_search::brevity.eq(excluded(recipe_search::brevity)),
            recipe_search::prep_time_minutes.eq(excluded(recipe_search::prep_time_minutes)),
            recipe_search::tokens.eq(excluded(recipe_search::tokens)),
        ))
        .execute(connection)
        .await?;
    let names: Vec<_> = documents
        .iter()
        .map(|(row, document)| {
            (
                recipe_search_names::recipe_id.eq(row.id),
                recipe_search_names::brevity.eq(document.brevity),
                recipe_search_names::tokens.eq(&document.tokens[..document.of_name]),
            )
        })
        .collect();
    diesel::insert_into(recipe_search_names::table)
        .values(names)
        .on_conflict(recipe_search_names::recipe_id)
        .do_update()
        .set((
            recipe_search_names::brevity.eq(excluded(recipe_search_names::brevity)),
            recipe_search_names::tokens.eq(excluded(recipe_search_names::tokens)),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns the foods of those of some recipes that everyone may see, one for each ingredient.
pub(crate) async fn foods(mut connection: &AsyncPgConnection, recipes: &[Uuid]) -> QueryResult<HashMap<Uuid, Vec<String>>> {
    let rows: Vec<(Uuid, Value)> = user_recipes::table
        .filter(user_recipes::id.eq_any(recipes))
        .filter(user_recipes::is_public.and(user_recipes::hidden_at.is_null()))
        .select((user_recipes::id, user_recipes::ingredients))
        .load(&mut connection)
        .await?;
    Ok(rows.iter().map(|(id, ingredients)| (*id, foods_of(ingredients).map(str::to_owned).collect())).collect())
}

/// Looks at up to `count` recipes behind `after`, and returns the last, and which are not indexed as they are now; `None` if there is none
/// left.
pub(super) async fn unindexed(connection: &AsyncPgConnection, after: Uuid, count: i64) -> QueryResult<Option<(Uuid, Vec<Uuid>)>> {
    let mut reader = connection;
    let recipes = user_recipes::table.filter(user_recipes::id.gt(after)).order(user_recipes::id).limit(count);
    let looked_at: Vec<State> = recipes.select(State::as_select()).load(&mut reader).await?;
    let Some(last) = looked_at.last().map(|recipe| recipe.id) else { return Ok(None) };
    Ok(Some((last, stale(connection, &looked_at).await?)))
}

/// Locks recipes, apart from those that others are writing, and returns which are not indexed as they are now.
pub(super) async fn lock_unindexed(connection: &mut AsyncPgConnection, recipes: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    let recipes = user_recipes::table.filter(user_recipes::id.eq_any(recipes)).order(user_recipes::id);
    let locked: Vec<State> = recipes.select(State::as_select()).for_no_key_update().skip_locked().load(connection).await?;
    stale(connection, &locked).await
}

/// Returns those of these recipes that are not indexed as they are.
async fn stale(mut connection: &AsyncPgConnection, recipes: &[State]) -> QueryResult<Vec<Uuid>> {
    let ids: Vec<Uuid> = recipes.iter().map(|recipe| recipe.id).collect();
    let indexed: Vec<(Uuid, (i64, i16))> = recipe_search::table
        .filter(recipe_search::recipe_id.eq_any(&ids))
        .select((recipe_search::recipe_id, (recipe_search::version, recipe_search::rules)))
        .load(&mut connection)
        .await?;
    let indexed: HashMap<Uuid, (i64, i16)> = indexed.into_iter().collect();
    let is_stale = |recipe: &&State| {
        let is_shown = recipe.is_public && recipe.hidden_at.is_none();
        indexed.get(&recipe.id) != is_shown.then_some(&(recipe.version, VERSION))
    };
    Ok(recipes.iter().filter(is_stale).map(|recipe| recipe.id).collect())
}
