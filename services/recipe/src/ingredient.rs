//! Ingredients of recipes.

mod api;
mod exported;
mod line;
mod quantity;
mod scaling;
mod shown;
pub(crate) mod wire;

use orchard_ingredient as parser;
use serde::{Deserialize, Serialize};

pub(crate) use exported::cut;
pub(crate) use quantity::{InvalidQuantity, Quantity};

/// The most amounts in other units.
const MOST_ALTERNATIVES: usize = 10;

/// An ingredient, in memory and in its JSON column. Empty texts are not stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ingredient {
    pub(crate) food: String,
    /// How much, or nothing for "to taste".
    #[serde(flatten)]
    pub(crate) amount: Amount,
    /// What one piece or container holds or measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) package: Option<Amount>,
    /// The same amount in other units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) alternatives: Vec<Amount>,
    /// The size of a piece.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) size: String,
    /// How the food is prepared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
    /// The line as the author wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) original_text: String,
    /// The number of the food in the nutrient table that the author has chosen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) food_number: String,
}

/// A quantity of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Amount {
    /// The quantity, or the lower end of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<Quantity>,
    /// The upper end of a range, greater than the quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_quantity: Option<Quantity>,
    /// The unit, or empty for pieces.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) unit: String,
}

impl Amount {
    /// Returns the amount as the parser has it, if it knows the unit.
    fn parsed(&self) -> Option<parser::Amount> {
        let unit = if self.unit.is_empty() { None } else { Some(parser::Unit::find(&self.unit)?) };
        Some(parser::Amount { quantity: self.range(), unit })
    }

    /// Returns the quantity, which may be a range.
    fn range(&self) -> Option<parser::Quantity> {
        let lowest = parser::Quantity::new(self.quantity?.number())?;
        self.max_quantity.map_or(Some(lowest), |highest| lowest.up_to(highest.number()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ingredient_is_stored_without_empty_fields() {
        let salt = Ingredient { food: "salt".to_owned(), ..Ingredient::default() };
        let stored = serde_json::to_string(&salt).expect("JSON");
        assert_eq!(stored, r#"{"food":"salt"}"#);
        assert_eq!(serde_json::from_str::<Ingredient>(&stored).expect("an ingredient"), salt);
    }

    #[test]
    fn amounts_are_stored_exactly() {
        let stored = r#"{"food":"milk","quantity":"1/3","max_quantity":"0.5","unit":"cup","alternatives":[{"quantity":"80","unit":"ml"}]}"#;
        let milk: Ingredient = serde_json::from_str(stored).expect("an ingredient");
        assert_eq!(serde_json::to_string(&milk).expect("JSON"), stored);
    }
}
