//! The answer to a document, in the shape of the documents' expectations.

use orchard_schema_org::{ImportError, Imported, NutritionFacts, import};
use serde_json::{Map, Value, json};

/// Returns the answer to a document.
pub fn answer(document: &str) -> Value {
    match import(document) {
        Ok(imported) => of(&imported),
        Err(error) => json!({"error": reason(error)}),
    }
}

fn reason(error: ImportError) -> &'static str {
    match error {
        ImportError::TooLarge => "TOO_LARGE",
        ImportError::TooDeep => "TOO_DEEP",
        ImportError::NotJson => "NOT_JSON",
        ImportError::NotARecipe => "NOT_A_RECIPE",
        ImportError::NameMissing => "NAME_MISSING",
    }
}

fn of(Imported { recipe, dropped }: &Imported) -> Value {
    let mut answer = json!({
        "name": recipe.name, "description": recipe.description, "ingredients": recipe.ingredients, "steps": recipe.steps,
        "prep_time_minutes": recipe.prep_time_minutes, "servings": recipe.servings, "tags": recipe.tags, "image_url": recipe.image_url,
        "dropped": dropped,
    });
    if let (Some(answer), Some(nutrition)) = (answer.as_object_mut(), nutrition(&recipe.nutrition)) {
        answer.insert("nutrition".to_owned(), nutrition);
    }
    answer
}

fn nutrition(facts: &NutritionFacts) -> Option<Value> {
    let amounts = [
        ("energy_kcal", &facts.energy_kcal),
        ("protein_g", &facts.protein_g),
        ("fat_g", &facts.fat_g),
        ("carbohydrate_g", &facts.carbohydrate_g),
        ("fiber_g", &facts.fiber_g),
        ("sugars_g", &facts.sugars_g),
        ("sodium_mg", &facts.sodium_mg),
    ];
    let known: Map<_, _> = amounts
        .into_iter()
        .filter_map(|(name, amount)| Some((name.to_owned(), json!(amount.as_ref()?.to_plain_string()))))
        .collect();
    (!known.is_empty()).then(|| Value::Object(known.into_iter().chain([("basis".to_owned(), json!("serving"))]).collect()))
}
