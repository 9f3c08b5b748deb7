//! Recipes as received and sent.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, Invalid, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Content, Ingredient, InvalidQuantity, Quantity, Recipe};

/// A recipe to create.
#[derive(Debug, Clone)]
pub(super) struct NewRecipe {
    pub(super) key: Key,
    pub(super) content: Content,
}

pub(super) fn recipe_id(id: &str) -> Result<Uuid, Violations> {
    Fields::one("recipe_id", read::uuid(id))
}

pub(super) fn new_recipe(request: &pb::CreateRecipeRequest, caller: Uuid) -> Result<NewRecipe, Violations> {
    let mut fields = Fields::default();
    let recipe_name = fields.read("recipe_name", read::text(&request.recipe_name, 1..=100));
    let description = fields.read("description", read::long_text(&request.description, 0..=2_000));
    let ingredients = fields.each("ingredients", 1..=100, request.ingredients.clone(), ingredient);
    let step = |step: &String| read::text(step, 1..=1_000);
    let instructions = fields.values("instructions", 1..=100, &request.instructions, step);
    let prep_time = request.prep_time_minutes.map(|minutes| read::within(minutes, 1..=10_080)).transpose();
    let prep_time_minutes = fields.read("prep_time_minutes", prep_time);
    let servings = fields.read("servings", read::within_or(request.servings, 1, 1..=1_000));
    let difficulty_level = fields.read("difficulty_level", read::within_or(request.difficulty_level, 1, 1..=5));
    // The length is that of the lower-case tag, which is stored: some letters become two.
    let tag = |tag: &String| read::text(&tag.to_lowercase(), 1..=30);
    let tags = fields.values("tags", 0..=20, &request.tags, tag);
    let image_url = fields.read("image_url", read::optional_https(&request.image_url, 500));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        let content = Content {
            recipe_name: recipe_name?,
            description: Some(description?).filter(|text| !text.is_empty()),
            ingredients: ingredients?,
            instructions: instructions?,
            prep_time_minutes: prep_time_minutes?,
            servings: servings?,
            difficulty_level: difficulty_level?,
            tags: read::distinct(tags?),
            image_url: image_url?,
            is_public: request.is_public.unwrap_or(true),
        };
        Ok(NewRecipe { key: Key::new(caller, "CreateRecipe", request_id?, Keep::Days30, request), content })
    })
}

fn ingredient(fields: &mut Fields, ingredient: pb::Ingredient) -> Result<Ingredient, Invalid> {
    let food = fields.read("food", read::text(&ingredient.food, 1..=100));
    let quantity = fields.read("quantity", read_quantity(&ingredient.quantity));
    let unit = fields.read("unit", read::text(&ingredient.unit, 0..=20));
    let note = fields.read("note", read::text(&ingredient.note, 0..=100));
    let original_text = fields.read("original_text", read::text(&ingredient.original_text, 0..=200));
    Ok(Ingredient { food: food?, quantity: quantity?, unit: unit?, note: note?, original_text: original_text? })
}

fn read_quantity(text: &str) -> Result<Option<Quantity>, String> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|error: InvalidQuantity| error.to_string()) }
}

/// Converts a recipe for `viewer`. Only the author sees the author's id, because this slice does not know who may see whose profile.
pub(super) fn recipe(recipe: Recipe, viewer: Uuid) -> pb::Recipe {
    let author = (recipe.user_id == viewer).then(|| recipe.user_id.to_string());
    let content = recipe.content;
    pb::Recipe {
        recipe_id: recipe.id.to_string(),
        user_id: author.unwrap_or_default(),
        recipe_name: content.recipe_name,
        description: content.description.unwrap_or_default(),
        ingredients: content.ingredients.into_iter().map(ingredient_to_wire).collect(),
        instructions: content.instructions,
        prep_time_minutes: content.prep_time_minutes,
        servings: content.servings,
        difficulty_level: content.difficulty_level,
        tags: content.tags,
        image_url: content.image_url.unwrap_or_default(),
        is_public: content.is_public,
        create_time: Some(timestamp_to_wire(recipe.created_at)),
        update_time: Some(timestamp_to_wire(recipe.updated_at)),
        ..pb::Recipe::default()
    }
}

fn ingredient_to_wire(ingredient: Ingredient) -> pb::Ingredient {
    pb::Ingredient {
        food: ingredient.food,
        quantity: ingredient.quantity.map(String::from).unwrap_or_default(),
        unit: ingredient.unit,
        note: ingredient.note,
        original_text: ingredient.original_text,
    }
}
