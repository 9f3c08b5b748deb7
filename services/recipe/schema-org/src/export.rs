//! Writes recipes.

use bigdecimal::BigDecimal;
use serde_json::{Map, Value, json};

use crate::recipe::{NutritionFacts, Recipe};

/// Writes a recipe as a document that can stand in a script of a page, and that [`crate::import()`] reads as the same recipe. Texts that it would
/// change, as those with markup, come back changed.
pub fn export(recipe: &Recipe) -> String {
    let mut document = Map::new();
    let mut put = |name: &str, value: Option<Value>| value.map(|value| document.insert(name.to_owned(), value));
    put("@context", Some(json!("https://schema.org")));
    put("@type", Some(json!("Recipe")));
    put("name", Some(json!(recipe.name)));
    put("description", recipe.description.as_ref().map(|text| json!(text)));
    put("image", recipe.image_url.as_ref().map(|address| json!(address)));
    put("recipeYield", recipe.servings.map(|servings| json!(servings.to_string())));
    put("prepTime", recipe.prep_time_minutes.map(|minutes| json!(format!("PT{minutes}M"))));
    put("keywords", Some(json!(recipe.tags)).filter(|_| !recipe.tags.is_empty()));
    put("recipeIngredient", Some(json!(recipe.ingredients)).filter(|_| !recipe.ingredients.is_empty()));
    let steps: Vec<_> = recipe.steps.iter().map(|step| json!({"@type": "HowToStep", "text": step})).collect();
    put("recipeInstructions", Some(Value::Array(steps)).filter(|_| !recipe.steps.is_empty()));
    put("nutrition", nutrition(&recipe.nutrition));
    // A script ends at `</script>`, whatever it contains.
    Value::Object(document).to_string().replace('<', "\\u003c")
}

fn nutrition(facts: &NutritionFacts) -> Option<Value> {
    let amounts = [
        ("calories", &facts.energy_kcal, "kcal"),
        ("proteinContent", &facts.protein_g, "g"),
        ("fatContent", &facts.fat_g, "g"),
        ("carbohydrateContent", &facts.carbohydrate_g, "g"),
        ("fiberContent", &facts.fiber_g, "g"),
        ("sugarContent", &facts.sugars_g, "g"),
        ("sodiumContent", &facts.sodium_mg, "mg"),
    ];
    let written = |amount: &BigDecimal, unit: &str| json!(format!("{} {unit}", amount.to_plain_string()));
    let known = amounts.into_iter().filter_map(|(name, amount, unit)| Some((name.to_owned(), written(amount.as_ref()?, unit))));
    let known: Map<_, _> = known.collect();
    let typed = [("@type".to_owned(), json!("NutritionInformation"))];
    (!known.is_empty()).then(|| Value::Object(typed.into_iter().chain(known).collect()))
}
