//! Recipes.

mod api;
mod quantity;
mod store;
mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::recipe::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;
pub use quantity::{InvalidQuantity, Quantity};

/// Why a call about a recipe is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// There is no such recipe, or the caller may not see it.
    #[error("no such recipe")]
    NotFound,
}

impl Rule for RecipeError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::RecipeNotFound),
        }
    }
}

/// A recipe.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub id: Uuid,
    /// The author.
    pub user_id: Uuid,
    /// What the author wrote.
    pub content: Content,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the author of a recipe writes.
#[derive(Debug, Clone)]
pub struct Content {
    pub recipe_name: String,
    pub description: Option<String>,
    /// The ingredients, in the author's order.
    pub ingredients: Vec<Ingredient>,
    /// The steps, each of one line.
    pub instructions: Vec<String>,
    /// The time that preparation takes.
    pub prep_time_minutes: Option<i32>,
    pub servings: i32,
    /// From 1 (easy) to 5 (hard).
    pub difficulty_level: i32,
    /// Distinct tags in lower case.
    pub tags: Vec<String>,
    /// The address of a photo.
    pub image_url: Option<String>,
    /// Whether everyone may see the recipe.
    pub is_public: bool,
}

/// An ingredient, in memory and in its JSON column. Empty texts are not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ingredient {
    pub food: String,
    /// The amount, or none for "to taste".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// The unit of the quantity, or empty for pieces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// How the food is prepared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The line as the author wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub original_text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ingredient_is_stored_without_empty_fields() {
        let salt = Ingredient {
            food: "salt".to_owned(),
            quantity: None,
            unit: String::new(),
            note: String::new(),
            original_text: String::new(),
        };
        let stored = serde_json::to_string(&salt).expect("JSON");
        assert_eq!(stored, r#"{"food":"salt"}"#);
        assert_eq!(serde_json::from_str::<Ingredient>(&stored).expect("an ingredient"), salt);
    }
}
