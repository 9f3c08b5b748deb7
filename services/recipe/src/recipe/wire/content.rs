//! Reading and writing what authors write.

use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};

use crate::ingredient::{self, Ingredient};
use crate::recipe::content::MOST_ESTIMATES;
use crate::recipe::{Content, Heading, NutritionEstimate, NutritionalInfo, Patch};

pub(super) fn read_content(fields: &mut Fields, request: &pb::CreateRecipeRequest) -> Result<Content, Invalid> {
    let recipe_name = fields.read("recipe_name", read_name(&request.recipe_name));
    let description = fields.read("description", read_description(&request.description));
    let ingredients = read_ingredients(fields, request.ingredients.clone());
    let instructions = read_instructions(fields, &request.instructions);
    let prep_time_minutes = fields.read("prep_time_minutes", read_prep_time(request.prep_time_minutes));
    let servings = fields.read("servings", read::within_or(request.servings, 1, 1..=1_000));
    let difficulty_level = fields.read("difficulty_level", read::within_or(request.difficulty_level, 1, 1..=5));
    let tags = read_tags(fields, &request.tags);
    let image_url = fields.read("image_url", read::optional_https(&request.image_url, 500));
    let nutritional_info = read_nutrition(fields, request.nutritional_info);
    Ok(Content {
        heading: Heading {
            recipe_name: recipe_name?,
            description: description?,
            prep_time_minutes: prep_time_minutes?,
            servings: servings?,
            difficulty_level: difficulty_level?,
            tags: tags?,
            image_url: image_url?,
            is_public: request.is_public.unwrap_or(true),
        },
        ingredients: ingredients?,
        instructions: instructions?,
        nutritional_info: nutritional_info?,
    })
}

pub(super) fn read_patch(fields: &mut Fields, mask: &[&str], recipe: pb::Recipe) -> Result<Patch, Invalid> {
    let recipe_name = fields.masked(mask, "recipe_name", || read_name(&recipe.recipe_name));
    let description = fields.masked(mask, "description", || read_description(&recipe.description));
    let prep_time_minutes = fields.masked(mask, "prep_time_minutes", || read_prep_time(recipe.prep_time_minutes));
    let servings = fields.masked(mask, "servings", || read::within(recipe.servings, 1..=1_000));
    let difficulty_level = fields.masked(mask, "difficulty_level", || read::within(recipe.difficulty_level, 1..=5));
    let image_url = fields.masked(mask, "image_url", || read::optional_https(&recipe.image_url, 500));
    let is_public = fields.masked(mask, "is_public", || Ok(recipe.is_public));
    let names = |name| mask.contains(&name);
    let ingredients = names("ingredients").then(|| read_ingredients(fields, recipe.ingredients)).transpose();
    let instructions = names("instructions").then(|| read_instructions(fields, &recipe.instructions)).transpose();
    let tags = names("tags").then(|| read_tags(fields, &recipe.tags)).transpose();
    let nutritional_info = names("nutritional_info").then(|| read_nutrition(fields, recipe.nutritional_info)).transpose();
    Ok(Patch {
        recipe_name: recipe_name?,
        description: description?,
        ingredients: ingredients?,
        instructions: instructions?,
        prep_time_minutes: prep_time_minutes?,
        servings: servings?,
        difficulty_level: difficulty_level?,
        tags: tags?,
        image_url: image_url?,
        is_public: is_public?,
        nutritional_info: nutritional_info?,
    })
}

fn read_name(name: &str) -> Result<String, String> {
    read::text(name, 1..=100)
}

fn read_description(description: &str) -> Result<Option<String>, String> {
    Ok(Some(read::long_text(description, 0..=2_000)?).filter(|text| !text.is_empty()))
}

fn read_prep_time(minutes: Option<i32>) -> Result<Option<i32>, String> {
    minutes.map(|minutes| read::within(minutes, 1..=10_080)).transpose()
}

fn read_ingredients(fields: &mut Fields, ingredients: Vec<pb::Ingredient>) -> Result<Vec<Ingredient>, Invalid> {
    fields.each("ingredients", 1..=100, ingredients, ingredient::wire::read)
}

fn read_instructions(fields: &mut Fields, instructions: &[String]) -> Result<Vec<String>, Invalid> {
    fields.values("instructions", 1..=100, instructions, |step| read::text(step, 1..=1_000))
}

fn read_tags(fields: &mut Fields, tags: &[String]) -> Result<Vec<String>, Invalid> {
    // The length is that of the lower-case tag, which is stored: some letters become two.
    fields.values("tags", 0..=20, tags, |tag| read::text(&tag.to_lowercase(), 1..=30)).map(read::distinct)
}

fn read_nutrition(fields: &mut Fields, sent: Option<pb::NutritionEstimate>) -> Result<Option<NutritionalInfo>, Invalid> {
    let Some(sent) = sent else { return Ok(None) };
    let estimate = fields.within("nutritional_info", |fields| {
        let mut amount = |name: &str, sent: Option<i32>, most: i32| {
            fields.read(name, sent.map(|amount| read::within(amount, 0..=most)).transpose())
        };
        let [kilocalories, grams, milligrams] = MOST_ESTIMATES;
        let energy_kcal = amount("energy_kcal", sent.energy_kcal, kilocalories);
        let protein_grams = amount("protein_grams", sent.protein_grams, grams);
        let carbohydrate_grams = amount("carbohydrate_grams", sent.carbohydrate_grams, grams);
        let sugar_grams = amount("sugar_grams", sent.sugar_grams, grams);
        let fat_grams = amount("fat_grams", sent.fat_grams, grams);
        let fibre_grams = amount("fibre_grams", sent.fibre_grams, grams);
        let sodium_milligrams = amount("sodium_milligrams", sent.sodium_milligrams, milligrams);
        Ok::<_, Invalid>(NutritionEstimate {
            energy_kcal: energy_kcal?,
            protein_grams: protein_grams?,
            carbohydrate_grams: carbohydrate_grams?,
            sugar_grams: sugar_grams?,
            fat_grams: fat_grams?,
            fibre_grams: fibre_grams?,
            sodium_milligrams: sodium_milligrams?,
        })
    })?;
    Ok(Some(NutritionalInfo { estimate }))
}

pub(super) fn nutrition_to_wire(estimate: NutritionEstimate) -> pb::NutritionEstimate {
    pb::NutritionEstimate {
        energy_kcal: estimate.energy_kcal,
        protein_grams: estimate.protein_grams,
        carbohydrate_grams: estimate.carbohydrate_grams,
        sugar_grams: estimate.sugar_grams,
        fat_grams: estimate.fat_grams,
        fibre_grams: estimate.fibre_grams,
        sodium_milligrams: estimate.sodium_milligrams,
    }
}
