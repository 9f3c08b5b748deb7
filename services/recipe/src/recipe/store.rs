//! Queries of recipes.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Content, Ingredient, Recipe};
use crate::schema::user_recipes;

/// The column with the list of ingredients. A list that cannot be read is a fault, not an empty list.
#[derive(Debug, FromSqlRow)]
struct Ingredients(Vec<Ingredient>);

impl FromSql<Jsonb, Pg> for Ingredients {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let json = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(value)?;
        Ok(Self(serde_json::from_value(json)?))
    }
}

/// A row of `user_recipes`, without the columns that the service does not use yet.
#[derive(Queryable, Selectable)]
#[diesel(table_name = user_recipes)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    recipe_name: String,
    description: Option<String>,
    ingredients: Ingredients,
    instructions: String,
    prep_time_minutes: Option<i32>,
    servings: i32,
    difficulty_level: i32,
    tags: Option<Vec<String>>,
    image_url: Option<String>,
    is_public: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Recipe {
    fn from(row: Row) -> Self {
        let content = Content {
            recipe_name: row.recipe_name,
            description: row.description,
            ingredients: row.ingredients.0,
            instructions: row.instructions.split('\n').map(str::to_owned).collect(),
            prep_time_minutes: row.prep_time_minutes,
            servings: row.servings,
            difficulty_level: row.difficulty_level,
            tags: row.tags.unwrap_or_default(),
            image_url: row.image_url,
            is_public: row.is_public,
        };
        Self { id: row.id, user_id: row.user_id, content, created_at: row.created_at, updated_at: row.updated_at }
    }
}

/// Inserts a recipe. The author must be on the roll.
pub(super) async fn insert(connection: &mut AsyncPgConnection, id: Uuid, author: Uuid, content: &Content) -> QueryResult<Recipe> {
    let ingredients =
        serde_json::to_value(&content.ingredients).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    diesel::insert_into(user_recipes::table)
        .values((
            user_recipes::id.eq(id),
            user_recipes::user_id.eq(author),
            user_recipes::recipe_name.eq(&content.recipe_name),
            user_recipes::description.eq(&content.description),
            user_recipes::ingredients.eq(ingredients),
            user_recipes::instructions.eq(content.instructions.join("\n")),
            user_recipes::prep_time_minutes.eq(content.prep_time_minutes),
            user_recipes::servings.eq(content.servings),
            user_recipes::difficulty_level.eq(content.difficulty_level),
            user_recipes::tags.eq(&content.tags),
            user_recipes::image_url.eq(&content.image_url),
            user_recipes::is_public.eq(content.is_public),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Returns a recipe if it is public or the viewer's own.
pub(super) async fn find_visible(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Recipe>> {
    user_recipes::table
        .find(id)
        .filter(user_recipes::is_public.or(user_recipes::user_id.eq(viewer)))
        .select(Row::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}
