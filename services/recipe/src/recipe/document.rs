//! Recipes as documents of schema.org, both ways.

use std::collections::BTreeSet;

use bigdecimal::{BigDecimal, RoundingMode};
use num_traits::ToPrimitive as _;
use orchard_rpc::read;
use orchard_schema_org as schema_org;

use super::content::{MOST_ESTIMATES, NutritionEstimate};
use super::{Content, Heading, NutritionalInfo};
use crate::ingredient::{Ingredient, cut};

/// A recipe that was read, and the properties that were not carried whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Imported {
    pub(super) content: Content,
    pub(super) dropped: BTreeSet<String>,
}

/// Reads a private recipe from a document, or says what is wrong with the document.
pub(super) fn import(document: &str) -> Result<Imported, String> {
    let schema_org::Imported { recipe, dropped } = schema_org::import(document).map_err(refusal)?;
    let mut dropped = dropped.into_iter().collect();
    let recipe_name =
        read::text(&recipe.name, 1..=100).map_err(|why| format!("must have a recipe whose name is plain: it {why}"))?;
    let is_short = recipe.ingredients.iter().all(|line| line.chars().count() <= 200);
    note(&mut dropped, "recipeIngredient", is_short);
    let ingredients = lines(recipe.ingredients, "recipeIngredient", &mut dropped, |line| vec![cut(line, 200)]);
    let ingredients: Vec<_> = ingredients.into_iter().map(Ingredient::of_line).collect();
    let instructions = lines(recipe.steps, "recipeInstructions", &mut dropped, parts);
    for (name, is_empty) in [("ingredients", ingredients.is_empty()), ("steps", instructions.is_empty())] {
        if is_empty {
            return Err(format!("must have a recipe with {name}"));
        }
    }
    let description = recipe.description.and_then(|text| {
        let whole = cut(&text, 2_000);
        let kept = read::text(whole, 1..=2_000).ok().filter(|_| whole.len() == text.len());
        note(&mut dropped, "description", kept.is_some());
        read::text(whole, 1..=2_000).ok()
    });
    let image_url = recipe.image_url.and_then(|address| {
        let read = read::optional_https(&address, 500).ok().flatten();
        note(&mut dropped, "image", read.is_some());
        read
    });
    let heading = Heading {
        recipe_name,
        description,
        prep_time_minutes: recipe.prep_time_minutes.and_then(|minutes| i32::try_from(minutes).ok()),
        servings: recipe.servings.and_then(|servings| i32::try_from(servings).ok()).unwrap_or(1),
        difficulty_level: 1,
        tags: tags(&recipe.tags, &mut dropped),
        image_url,
        is_public: false,
    };
    let nutritional_info = estimate(&recipe.nutrition, &mut dropped).map(|estimate| NutritionalInfo { estimate });
    Ok(Imported { content: Content { heading, ingredients, instructions, nutritional_info }, dropped })
}

fn refusal(error: schema_org::ImportError) -> String {
    let what = match error {
        schema_org::ImportError::TooLarge => "have at most 512 KiB of JSON and 20,000 values",
        schema_org::ImportError::TooDeep => "be nested at most 64 levels deep",
        schema_org::ImportError::NotJson => "be JSON, or a page with scripts of it",
        schema_org::ImportError::NotARecipe => "have a recipe of schema.org",
        schema_org::ImportError::NameMissing => "have a recipe with a name",
    };
    format!("must {what}")
}

/// Notes a property that was not carried whole.
fn note(dropped: &mut BTreeSet<String>, property: &str, is_whole: bool) {
    if !is_whole {
        dropped.insert(property.to_owned());
    }
}

/// Returns the first 100 parts of lines that people can see.
fn lines(lines: Vec<String>, property: &str, dropped: &mut BTreeSet<String>, parts: fn(&str) -> Vec<&str>) -> Vec<String> {
    let mut kept = Vec::new();
    for line in &lines {
        for part in parts(line) {
            let text = read::text(part, 1..=1_000).ok().filter(|_| kept.len() < 100);
            note(dropped, property, text.is_some());
            kept.extend(text);
        }
    }
    kept
}

/// Returns a step in parts of at most 1,000 characters, of which each ends with a word.
fn parts(step: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), step.trim());
    while !rest.is_empty() && parts.len() <= 100 {
        let part = cut(rest, 1_000);
        parts.push(part);
        rest = rest[part.len()..].trim_start();
    }
    parts
}

fn tags(tags: &[String], dropped: &mut BTreeSet<String>) -> Vec<String> {
    let read: Vec<_> = tags.iter().filter_map(|tag| read::text(&tag.to_lowercase(), 1..=30).ok()).collect();
    note(dropped, "keywords", read.len() == tags.len());
    let mut distinct = read::distinct(read);
    note(dropped, "keywords", distinct.len() <= 20);
    distinct.truncate(20);
    distinct
}

/// Returns the estimate in whole numbers. One that was rounded is noted; one beyond the limits is left out.
fn estimate(facts: &schema_org::NutritionFacts, dropped: &mut BTreeSet<String>) -> Option<NutritionEstimate> {
    let mut whole = |property: &str, amount: &Option<BigDecimal>, most: i32| {
        let amount = amount.as_ref()?;
        let rounded = amount.with_scale_round(0, RoundingMode::HalfUp);
        note(dropped, &format!("nutrition.{property}"), rounded == *amount && rounded <= most);
        rounded.to_i32().filter(|amount| (0..=most).contains(amount))
    };
    let [kilocalories, grams, milligrams] = MOST_ESTIMATES;
    let estimate = NutritionEstimate {
        energy_kcal: whole("calories", &facts.energy_kcal, kilocalories),
        protein_grams: whole("proteinContent", &facts.protein_g, grams),
        carbohydrate_grams: whole("carbohydrateContent", &facts.carbohydrate_g, grams),
        sugar_grams: whole("sugarContent", &facts.sugars_g, grams),
        fat_grams: whole("fatContent", &facts.fat_g, grams),
        fibre_grams: whole("fiberContent", &facts.fiber_g, grams),
        sodium_milligrams: whole("sodiumContent", &facts.sodium_mg, milligrams),
    };
    (estimate != NutritionEstimate::default()).then_some(estimate)
}

/// Writes a recipe as a document.
pub(super) fn export(content: &Content) -> String {
    let heading = &content.heading;
    let estimate = content.nutritional_info.as_ref().map(|info| info.estimate.clone()).unwrap_or_default();
    let amount = |amount: Option<i32>| amount.map(BigDecimal::from);
    schema_org::export(&schema_org::Recipe {
        name: heading.recipe_name.clone(),
        description: heading.description.as_ref().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
        ingredients: content.ingredients.iter().map(Ingredient::line).collect(),
        steps: content.instructions.clone(),
        prep_time_minutes: heading.prep_time_minutes.and_then(|minutes| u32::try_from(minutes).ok()),
        servings: u32::try_from(heading.servings).ok(),
        tags: heading.tags.clone(),
        image_url: heading.image_url.clone(),
        nutrition: schema_org::NutritionFacts {
            energy_kcal: amount(estimate.energy_kcal),
            protein_g: amount(estimate.protein_grams),
            fat_g: amount(estimate.fat_grams),
            carbohydrate_g: amount(estimate.carbohydrate_grams),
            fiber_g: amount(estimate.fibre_grams),
            sugars_g: amount(estimate.sugar_grams),
            sodium_mg: amount(estimate.sodium_milligrams),
        },
    })
}
