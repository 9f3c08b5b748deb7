//! Rows of `user_recipes`.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel::sql_types::Jsonb;
use serde_json::Value;
use uuid::Uuid;

use crate::ingredient::Ingredient;
use crate::recipe::{Content, Counts, Facts, Heading, NutritionalInfo};
use crate::schema::user_recipes;

/// The column with the list of ingredients. A list that cannot be read is a fault, not an empty list.
#[derive(Debug, FromSqlRow)]
pub(super) struct Ingredients(Vec<Ingredient>);

impl FromSql<Jsonb, Pg> for Ingredients {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let json = <Value as FromSql<Jsonb, Pg>>::from_sql(value)?;
        Ok(Self(serde_json::from_value(json)?))
    }
}

/// The column with the nutrition.
#[derive(Debug, FromSqlRow)]
pub(super) struct Nutrition(NutritionalInfo);

impl FromSql<Jsonb, Pg> for Nutrition {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let json = <Value as FromSql<Jsonb, Pg>>::from_sql(value)?;
        Ok(Self(serde_json::from_value(json)?))
    }
}

/// What is known of a recipe besides its content.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = user_recipes)]
pub(super) struct FactsRow {
    pub(super) id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) version: i64,
    pub(super) featured_at: Option<DateTime<Utc>>,
    pub(super) hidden_at: Option<DateTime<Utc>>,
    pub(super) published_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) edited_at: DateTime<Utc>,
    pub(super) favourite_count: i32,
    pub(super) ratings_1: i32,
    pub(super) ratings_2: i32,
    pub(super) ratings_3: i32,
    pub(super) ratings_4: i32,
    pub(super) ratings_5: i32,
}

impl FactsRow {
    /// Adds the changes of the counters that are not in the columns yet.
    pub(super) fn with(self, pending: &[i64]) -> Facts {
        let folded = [self.favourite_count, self.ratings_1, self.ratings_2, self.ratings_3, self.ratings_4, self.ratings_5];
        Facts {
            id: self.id,
            user_id: self.user_id,
            version: self.version,
            counts: Counts::new(folded, pending),
            featured_at: self.featured_at,
            hidden_at: self.hidden_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            edited_at: self.edited_at,
        }
    }
}

/// The part of a recipe that lists show.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = user_recipes)]
pub(super) struct HeadingRow {
    recipe_name: String,
    description: Option<String>,
    prep_time_minutes: Option<i32>,
    servings: i32,
    difficulty_level: i32,
    tags: Option<Vec<String>>,
    image_url: Option<String>,
    is_public: bool,
}

impl From<HeadingRow> for Heading {
    fn from(row: HeadingRow) -> Self {
        Self {
            recipe_name: row.recipe_name,
            description: row.description,
            prep_time_minutes: row.prep_time_minutes,
            servings: row.servings,
            difficulty_level: row.difficulty_level,
            tags: row.tags.unwrap_or_default(),
            image_url: row.image_url,
            is_public: row.is_public,
        }
    }
}

/// The part of a recipe that lists do not show.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = user_recipes)]
pub(super) struct ContentRow {
    ingredients: Ingredients,
    instructions: String,
    nutritional_info: Option<Nutrition>,
}

impl ContentRow {
    pub(super) fn with(self, heading: Heading) -> Content {
        Content {
            heading,
            ingredients: self.ingredients.0,
            instructions: self.instructions.split('\n').map(str::to_owned).collect(),
            nutritional_info: self.nutritional_info.map(|Nutrition(info)| info),
        }
    }
}

/// The columns that an author writes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = user_recipes, treat_none_as_null = true)]
pub(super) struct ContentColumns<'a> {
    recipe_name: &'a str,
    description: Option<&'a str>,
    ingredients: Value,
    instructions: String,
    prep_time_minutes: Option<i32>,
    servings: i32,
    difficulty_level: i32,
    nutritional_info: Option<Value>,
    tags: &'a [String],
    image_url: Option<&'a str>,
    is_public: bool,
}

impl<'a> ContentColumns<'a> {
    pub(super) fn new(content: &'a Content) -> QueryResult<Self> {
        let failed = |error: serde_json::Error| SerializationError(error.into());
        let heading = &content.heading;
        Ok(Self {
            recipe_name: &heading.recipe_name,
            description: heading.description.as_deref(),
            ingredients: serde_json::to_value(&content.ingredients).map_err(failed)?,
            instructions: content.instructions.join("\n"),
            prep_time_minutes: heading.prep_time_minutes,
            servings: heading.servings,
            difficulty_level: heading.difficulty_level,
            nutritional_info: content.nutritional_info.as_ref().map(serde_json::to_value).transpose().map_err(failed)?,
            tags: &heading.tags,
            image_url: heading.image_url.as_deref(),
            is_public: heading.is_public,
        })
    }
}
