//! What a recipe contains, by the nutrient table.

use num_traits::ToPrimitive as _;
use orchard_nutrition::{Ingredient as Line, Nutrition, Package, food, match_food, nutrition_of, weigh};

use super::Content;
use crate::ingredient::{Amount, Ingredient, Quantity};

/// Computes what a recipe contains.
pub(super) fn of(content: &Content) -> Nutrition {
    let lines: Vec<_> = content.ingredients.iter().map(line).collect();
    nutrition_of(&lines, u32::try_from(content.heading.servings).unwrap_or(1))
}

/// Returns an ingredient by the first of its amounts that can be weighed.
fn line(ingredient: &Ingredient) -> Line<'_> {
    let own = by(ingredient, &ingredient.amount);
    if ingredient.alternatives.is_empty() || is_weighed(&own) {
        return own;
    }
    ingredient.alternatives.iter().map(|amount| by(ingredient, amount)).find(is_weighed).unwrap_or(own)
}

fn is_weighed(line: &Line<'_>) -> bool {
    match_food(line).is_some_and(|food| weigh(food, line).is_some())
}

fn by<'a>(ingredient: &'a Ingredient, amount: &'a Amount) -> Line<'a> {
    let package = ingredient.package.as_ref();
    Line {
        quantity: amount.quantity.and_then(number),
        unit: &amount.unit,
        package: package.and_then(|package| Some(Package { quantity: package.quantity.and_then(number)?, unit: &package.unit })),
        size: &ingredient.size,
        food: &ingredient.food,
        note: &ingredient.note,
        chosen: food(&ingredient.food_number),
    }
}

/// Weights and nutrients are measured, so they need no exact number.
fn number(quantity: Quantity) -> Option<f64> {
    quantity.number().to_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_alternatives_the_first_that_can_be_weighed_counts() {
        let amount = |quantity: &str, unit: &str| Amount {
            quantity: Some(quantity.parse().expect("a quantity")),
            unit: unit.to_owned(),
            ..Amount::default()
        };
        let papaya = Ingredient {
            food: "papaya".to_owned(),
            amount: amount("1", "box"),
            alternatives: vec![amount("2", "crate"), amount("250", "gram"), amount("9", "ounce")],
            ..Ingredient::default()
        };
        let line = line(&papaya);
        assert_eq!((line.quantity, line.unit), (Some(250.0), "gram"));
        assert!(is_weighed(&line));
    }
}
