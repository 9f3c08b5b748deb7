//! Ingredients from lines.

use std::ops::RangeInclusive;

use orchard_ingredient as parser;
use orchard_rpc::read;

use super::{Amount, Ingredient, MOST_ALTERNATIVES, Quantity, wire};

/// Returns what a line says; `None` if no food is found in it, or if what it says is beyond the limits of an ingredient.
pub(super) fn parse(line: &str) -> Option<Ingredient> {
    let parsed = parser::parse(line);
    let known = |other| amount(other).filter(|other| other.quantity.is_some());
    let alternatives: Option<Vec<_>> = parsed.alternatives.into_iter().map(known).collect();
    Some(Ingredient {
        food: text(&parsed.food, wire::FOOD)?,
        amount: parsed.amount.map_or(Some(Amount::default()), amount)?,
        package: match parsed.package {
            Some(package) => Some(known(package)?),
            None => None,
        },
        alternatives: alternatives.filter(|alternatives| alternatives.len() <= MOST_ALTERNATIVES)?,
        size: text(&parsed.size, wire::SIZE)?,
        note: text(&parsed.note, wire::NOTE)?,
        original_text: line.to_owned(),
        food_number: String::new(),
    })
}

/// The parser decodes entities, which may stand for characters that no text may have.
fn text(text: &str, length: RangeInclusive<usize>) -> Option<String> {
    read::text(text, length).ok()
}

fn amount(amount: parser::Amount) -> Option<Amount> {
    let unit = amount.unit.map(|unit| unit.name().to_owned()).unwrap_or_default();
    let Some(quantity) = amount.quantity else { return Some(Amount { unit, ..Amount::default() }) };
    let max_quantity = match quantity.high() {
        Some(high) => Some(Quantity::new(high)?),
        None => None,
    };
    Some(Amount { quantity: Some(Quantity::new(quantity.low())?), max_quantity, unit })
}
