//! Recipes: what to take, and what to do with it.

mod api;
mod store;
mod wire;

use orchard_db::Rule;
use orchard_proto::recipe::v1::ErrorReason;
use orchard_rpc::Refusal;
use std::fmt;
use std::str::FromStr;
use tonic::Code;

use bigdecimal::{BigDecimal, Signed as _};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use api::Api;

/// Why a call about a recipe is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// The caller knows of no such recipe.
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

/// How much of an ingredient: exact, greater than zero, at most 9 digits before and 4 after the point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity(BigDecimal);

/// A text that says no [`Quantity`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number greater than zero such as 2.5, with at most 9 digits before and 4 after the point")]
pub struct NotAQuantity;

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        // By hand, since numbers are parsed elsewhere with signs, exponents and underscores too.
        let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let plain = match text.split_once('.') {
            Some((whole, fraction)) => digits(whole, 9) && digits(fraction, 4),
            None => digits(text, 9),
        };
        let number: BigDecimal = if plain { text.parse().map_err(|_| NotAQuantity)? } else { return Err(NotAQuantity) };
        if number.is_positive() { Ok(Self(number.normalized())) } else { Err(NotAQuantity) }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl TryFrom<String> for Quantity {
    type Error = NotAQuantity;

    fn try_from(text: String) -> Result<Self, NotAQuantity> {
        text.parse()
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.to_string()
    }
}

/// One line of the list of ingredients, also as it is kept. Empty texts are absent ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ingredient {
    /// What it is.
    pub food: String,
    /// How much; nothing for "to taste".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Of what the quantity is a number; empty for pieces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// How it is prepared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The author's own words for the line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub original_text: String,
}

/// What an author writes.
#[derive(Debug, Clone)]
pub struct Content {
    /// What it is called.
    pub recipe_name: String,
    /// What it is.
    pub description: Option<String>,
    /// What it takes.
    pub ingredients: Vec<Ingredient>,
    /// The steps, each one line.
    pub instructions: Vec<String>,
    /// How long it takes.
    pub prep_time_minutes: Option<i32>,
    /// How many it serves.
    pub servings: i32,
    /// 1 (easy) to 5 (hard).
    pub difficulty_level: i32,
    /// Distinct words in lower case to find it by.
    pub tags: Vec<String>,
    /// Address of a photo.
    pub image_url: Option<String>,
    /// Whether everyone may see it.
    pub is_public: bool,
}

/// A recipe.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Its id.
    pub id: Uuid,
    /// Its author.
    pub user_id: Uuid,
    /// What they wrote.
    pub content: Content,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact() {
        for (text, kept) in
            [("2.5", "2.5"), ("0.0001", "0.0001"), ("02.50", "2.5"), ("100", "100"), ("999999999.9999", "999999999.9999")]
        {
            assert_eq!(text.parse::<Quantity>().map(String::from).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        let bad =
            ["", "0", "0.0000", "-1", "+1", "1e3", "1_000", ".5", "5.", "1,5", "1/2", " 1", "1.00001", "1000000000", "NaN", "١"];
        for text in bad {
            assert_eq!(text.parse::<Quantity>(), Err(NotAQuantity), "{text}");
        }
    }

    #[test]
    fn an_ingredient_is_kept_without_what_was_not_said() {
        let salt = Ingredient {
            food: "salt".to_owned(),
            quantity: None,
            unit: String::new(),
            note: String::new(),
            original_text: String::new(),
        };
        let kept = serde_json::to_string(&salt).expect("JSON");
        assert_eq!(kept, r#"{"food":"salt"}"#);
        assert_eq!(serde_json::from_str::<Ingredient>(&kept).expect("an ingredient"), salt);
    }
}
