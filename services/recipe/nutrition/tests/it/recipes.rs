//! What recipes contain.

use orchard_nutrition::{Ingredient, Nutrient, Nutrition, Total, Uncounted, food, nutrition_of};

use super::split::split;

fn of(lines: &[&str], servings: u32) -> Nutrition {
    let ingredients: Vec<_> = lines.iter().map(|line| split(line)).collect();
    nutrition_of(&ingredients, servings)
}

fn reasons(nutrition: &Nutrition) -> Vec<&'static str> {
    let reason = |line: &Result<_, _>| match line {
        Ok(_) => "counted",
        Err(Uncounted::Unmatched) => "unmatched",
        Err(Uncounted::NoGrams(_)) => "no grams",
        Err(Uncounted::NoQuantity(_)) => "no quantity",
    };
    nutrition.lines.iter().map(reason).collect()
}

#[test]
fn a_recipe_is_the_sum_of_its_lines() {
    let smoothie = of(&["2 bananas", "1 cup milk", "1 tbsp honey"], 2);
    // 2 x 118 g at 89 kcal, 244 g at 61 kcal and 21 g at 304 kcal.
    let energy = 210.04 + 148.84 + 63.84;
    let Total::Exactly(total) = smoothie.total(Nutrient::Energy) else { panic!("{smoothie:?}") };
    assert!((total - energy).abs() < 1e-9, "{total}");
    assert_eq!(smoothie.per_serving(Nutrient::Energy), Total::Exactly(total / 2.0));
    assert_eq!(smoothie.completeness_percent, 100);
}

#[test]
fn the_example_of_the_page_is_right() {
    let bananas = Ingredient { quantity: Some(2.0), unit: "cups", food: "bananas", note: "sliced", ..Ingredient::default() };
    assert_eq!(nutrition_of(&[bananas], 2).per_serving(Nutrient::Energy), Total::Exactly(133.5));
}

#[test]
fn what_is_not_counted_is_listed_with_why() {
    let recipe = of(&["200 g strawberries", "1 tbsp matcha", "2 tbsp chia seeds", "salt, to taste", "love"], 1);
    assert_eq!(reasons(&recipe), ["counted", "unmatched", "no grams", "no quantity", "unmatched"]);
    assert_eq!(recipe.completeness_percent, 20);
    assert_eq!(recipe.total(Nutrient::Energy), Total::AtLeast(64.0));
}

#[test]
fn a_nutrient_that_was_not_measured_is_never_zero() {
    // The sugars of balsamic vinegar have been measured, its fibre has not.
    let vinegar = of(&["100 g balsamic vinegar"], 1);
    assert_eq!(vinegar.total(Nutrient::Fibre), Total::Unknown);
    assert_eq!(vinegar.total(Nutrient::Sugars), Total::Exactly(14.95));
    let dressing = of(&["100 g balsamic vinegar", "100 g strawberries"], 1);
    let strawberries = food("09316").and_then(|food| food.per_100_grams(Nutrient::Fibre)).expect("fibre");
    assert_eq!(dressing.total(Nutrient::Fibre), Total::AtLeast(strawberries));
}

#[test]
fn without_counted_lines_nothing_is_known() {
    assert_eq!(of(&["1 tbsp matcha"], 1).total(Nutrient::Energy), Total::Unknown);
    let empty = of(&[], 1);
    assert_eq!((empty.completeness_percent, empty.total(Nutrient::Energy)), (100, Total::Exactly(0.0)));
}

#[test]
fn a_food_that_was_chosen_is_counted() {
    let chosen = food("09279");
    let recipe = nutrition_of(&[Ingredient { chosen, ..split("100 g ugli fruit") }], 0);
    assert_eq!(recipe.per_serving(Nutrient::Energy), Total::Exactly(46.0));
}

#[test]
fn a_recipe_computed_again_is_the_same() {
    let lines = ["1/3 cup sugar", "1/3 cup milk", "7 oz plums", "1 cup walnuts", "1 tbsp olive oil"];
    let first = of(&lines, 3);
    for _ in 0..100 {
        assert_eq!(of(&lines, 3), first);
    }
}
