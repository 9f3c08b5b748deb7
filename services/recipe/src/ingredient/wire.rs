//! Conversions of ingredients from and to protobuf.

use std::ops::RangeInclusive;

use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};

use super::{Amount, Ingredient, InvalidQuantity, MOST_ALTERNATIVES, Quantity, line};
use crate::error::Error;

/// Lengths of texts in characters.
pub(super) const FOOD: RangeInclusive<usize> = 1..=100;
pub(super) const SIZE: RangeInclusive<usize> = 0..=50;
pub(super) const NOTE: RangeInclusive<usize> = 0..=200;
const UNIT: RangeInclusive<usize> = 0..=20;
const MOST_CHARACTERS: usize = 200;

/// Reads lines, and what each says.
pub(super) fn parse(request: &pb::ParseIngredientsRequest) -> Result<Vec<pb::Ingredient>, Error> {
    let mut fields = Fields::default();
    let lines = fields.values("lines", 1..=100, &request.lines, |line| read::text(line, 1..=MOST_CHARACTERS));
    let lines = fields.finish(|| lines)?;
    let unknown = |line| pb::Ingredient { original_text: line, ..Default::default() };
    Ok(lines.into_iter().map(|line| line::parse(&line).map_or_else(|| unknown(line), to_wire)).collect())
}

/// Reads an ingredient, or the line of one that is to be parsed.
pub(crate) fn read(fields: &mut Fields, sent: pb::Ingredient) -> Result<Ingredient, Invalid> {
    if is_line(&sent) {
        let line = fields.read("original_text", read::text(&sent.original_text, 1..=MOST_CHARACTERS))?;
        let unknown = || "is required, because none was found in `original_text`".to_owned();
        return fields.read("food", line::parse(&line).ok_or_else(unknown));
    }
    let food = fields.read("food", read::text(&sent.food, FOOD));
    let amount = read_amount(fields, (&sent.quantity, &sent.max_quantity, &sent.unit));
    let note = fields.read("note", read::text(&sent.note, NOTE));
    let original_text = fields.read("original_text", read::text(&sent.original_text, 0..=MOST_CHARACTERS));
    let size = fields.read("size", read::text(&sent.size, SIZE));
    let food_number = fields.read("food_number", read_food_number(sent.food_number));
    let package = sent.package.map(|package| fields.within("package", |fields| read_known(fields, &package))).transpose();
    let alternatives = fields
        .each("alternatives", 0..=MOST_ALTERNATIVES, sent.alternatives, |fields, alternative| read_known(fields, &alternative));
    Ok(Ingredient {
        food: food?,
        amount: amount?,
        package: package?,
        alternatives: alternatives?,
        size: size?,
        note: note?,
        original_text: original_text?,
        food_number: food_number?,
    })
}

/// Returns whether an ingredient has its own words and nothing else.
fn is_line(sent: &pb::Ingredient) -> bool {
    let line = pb::Ingredient { original_text: sent.original_text.clone(), ..Default::default() };
    *sent == line && !line.original_text.trim().is_empty()
}

fn read_food_number(number: String) -> Result<String, String> {
    let is_known = number.is_empty() || orchard_nutrition::food(&number).is_some();
    is_known
        .then_some(number)
        .ok_or_else(|| "must be the number of a food of the nutrient table, such as 09040, or empty".to_owned())
}

/// Reads an amount that has a quantity.
fn read_known(fields: &mut Fields, sent: &pb::IngredientAmount) -> Result<Amount, Invalid> {
    let required = if sent.quantity.is_empty() { Err("is required".to_owned()) } else { Ok(()) };
    let known = fields.read("quantity", required);
    let amount = read_amount(fields, (&sent.quantity, &sent.max_quantity, &sent.unit));
    known?;
    amount
}

fn read_amount(fields: &mut Fields, (quantity, max_quantity, unit): (&str, &str, &str)) -> Result<Amount, Invalid> {
    let quantity = fields.read("quantity", read_quantity(quantity));
    let highest = read_quantity(max_quantity).and_then(|highest| match (&quantity, highest) {
        (Ok(lowest), Some(highest)) if lowest.is_none_or(|lowest| lowest >= highest) => {
            Err("must be greater than `quantity`, which a range needs".to_owned())
        }
        _ => Ok(highest),
    });
    let max_quantity = fields.read("max_quantity", highest);
    let unit = fields.read("unit", read::text(unit, UNIT));
    Ok(Amount { quantity: quantity?, max_quantity: max_quantity?, unit: unit? })
}

fn read_quantity(text: &str) -> Result<Option<Quantity>, String> {
    if text.is_empty() { Ok(None) } else { read_known_quantity(text).map(Some) }
}

/// Reads a quantity that is not missing.
pub(crate) fn read_known_quantity(text: &str) -> Result<Quantity, String> {
    text.parse().map_err(|error: InvalidQuantity| error.to_string())
}

/// Converts an ingredient.
pub(crate) fn to_wire(ingredient: Ingredient) -> pb::Ingredient {
    let Ingredient { food, amount, package, alternatives, size, note, original_text, food_number } = ingredient;
    let pb::IngredientAmount { quantity, max_quantity, unit } = amount_to_wire(amount);
    pb::Ingredient {
        food,
        quantity,
        unit,
        note,
        original_text,
        max_quantity,
        size,
        package: package.map(amount_to_wire),
        alternatives: alternatives.into_iter().map(amount_to_wire).collect(),
        food_number,
    }
}

fn amount_to_wire(amount: Amount) -> pb::IngredientAmount {
    let text = |quantity: Option<Quantity>| quantity.map(String::from).unwrap_or_default();
    pb::IngredientAmount { quantity: text(amount.quantity), max_quantity: text(amount.max_quantity), unit: amount.unit }
}
