//! Writing what a recipe contains.

use orchard_nutrition::{Counted, Food, Measure, Nutrient, Nutrition, Portion, Total, Uncounted};
use orchard_proto::recipe::v1 as pb;

use super::content::nutrition_to_wire;
use crate::recipe::Recipe;

const SOURCE: &str = "USDA National Nutrient Database for Standard Reference, release 28 (2015), Agricultural Research Service, US Department of Agriculture";

/// Converts what a recipe contains.
pub(crate) fn nutrition(recipe: Recipe, nutrition: &Nutrition) -> pb::GetRecipeNutritionResponse {
    pb::GetRecipeNutritionResponse {
        recipe_id: recipe.facts.id.to_string(),
        etag: recipe.facts.version.to_string(),
        servings: recipe.content.heading.servings,
        nutrients: Nutrient::ALL.into_iter().filter_map(|nutrient| amount(nutrition, nutrient)).collect(),
        ingredients: nutrition.lines.iter().map(ingredient).collect(),
        completeness_percent: i32::try_from(nutrition.completeness_percent).unwrap_or_default(),
        author_estimate: recipe.content.nutritional_info.map(|info| nutrition_to_wire(info.estimate)),
        source: SOURCE.to_owned(),
    }
}

/// Returns the amounts of a nutrient, unless it is unknown.
fn amount(nutrition: &Nutrition, nutrient: Nutrient) -> Option<pb::NutrientAmount> {
    let known = |total| match total {
        Total::Exactly(amount) => Some((decimal(amount), false)),
        Total::AtLeast(amount) => Some((decimal(amount), true)),
        Total::Unknown => None,
    };
    let (per_recipe, is_at_least) = known(nutrition.total(nutrient))?;
    let (per_serving, _) = known(nutrition.per_serving(nutrient))?;
    Some(pb::NutrientAmount { nutrient: nutrient_to_wire(nutrient).into(), per_recipe, per_serving, is_at_least })
}

fn nutrient_to_wire(nutrient: Nutrient) -> pb::Nutrient {
    match nutrient {
        Nutrient::Energy => pb::Nutrient::EnergyKilocalories,
        Nutrient::Protein => pb::Nutrient::ProteinGrams,
        Nutrient::Fat => pb::Nutrient::FatGrams,
        Nutrient::Carbohydrate => pb::Nutrient::CarbohydrateGrams,
        Nutrient::Fibre => pb::Nutrient::FibreGrams,
        Nutrient::Sugars => pb::Nutrient::SugarGrams,
        Nutrient::Calcium => pb::Nutrient::CalciumMilligrams,
        Nutrient::Iron => pb::Nutrient::IronMilligrams,
        Nutrient::Potassium => pb::Nutrient::PotassiumMilligrams,
        Nutrient::Sodium => pb::Nutrient::SodiumMilligrams,
        Nutrient::VitaminC => pb::Nutrient::VitaminCMilligrams,
        Nutrient::VitaminA => pb::Nutrient::VitaminAMicrograms,
        Nutrient::SaturatedFat => pb::Nutrient::SaturatedFatGrams,
    }
}

fn ingredient(line: &Result<Counted, Uncounted>) -> pb::IngredientNutrition {
    match line {
        Ok(Counted { food, weight }) => {
            let (measure, is_converted) = match weight.measure {
                Measure::Mass => (None, false),
                Measure::Portion(portion) => (Some(portion), false),
                Measure::Volume(portion) => (Some(portion), true),
            };
            pb::IngredientNutrition {
                grams: decimal(weight.grams),
                measure: measure.map(|portion: &Portion| portion.measure.to_string()).unwrap_or_default(),
                measure_grams: measure.map(|portion| decimal(portion.grams)).unwrap_or_default(),
                is_converted,
                ..of_food(food)
            }
        }
        Err(Uncounted::Unmatched) => uncounted(pb::IngredientNutrition::default(), pb::UncountedReason::Unmatched),
        Err(Uncounted::NoGrams(food)) => uncounted(of_food(food), pb::UncountedReason::NotWeighable),
        Err(Uncounted::NoQuantity(food)) => uncounted(of_food(food), pb::UncountedReason::NoQuantity),
    }
}

fn of_food(food: &Food) -> pb::IngredientNutrition {
    pb::IngredientNutrition {
        food_number: food.ndb_no.to_string(),
        food_description: food.description.to_string(),
        ..Default::default()
    }
}

fn uncounted(known: pb::IngredientNutrition, reason: pb::UncountedReason) -> pb::IngredientNutrition {
    pb::IngredientNutrition { uncounted_reason: reason.into(), ..known }
}

/// Rounds to at most 4 digits after the point.
fn decimal(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_once_and_written_plainly() {
        for (number, text) in
            [(0.0, "0"), (300.0, "300"), (133.5, "133.5"), (1.0 / 3.0, "0.3333"), (0.000_04, "0"), (1e12, "1000000000000")]
        {
            assert_eq!(decimal(number), text);
        }
    }
}
