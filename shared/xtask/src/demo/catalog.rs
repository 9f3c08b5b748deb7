//! Loads three recipes and a professional.

use anyhow::{Context as _, Result};
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::consultation::v1::{CreateProfessionalRequest, Specialization};
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_proto::recipe::v1::{CreateRecipeRequest, Ingredient};

use super::calls::{Calls, answer, request_id};
use super::state::State;
use super::values::money;

/// Creates the recipes and the professional.
pub async fn load(calls: &Calls<'_>, state: &mut State) -> Result<()> {
    let mut recipes = Vec::new();
    for (author, request) in [("alice", crumble()), ("bob", salad()), ("dana", smoothie())] {
        recipes.push(publish(calls, author, request).await?);
    }
    state.recipes = recipes;
    state.professional = enter_professional(calls, &state.currency).await?;
    state.save()
}

async fn publish(calls: &Calls<'_>, author: &str, mut request: CreateRecipeRequest) -> Result<String> {
    request.request_id = request_id(&format!("{} of {author}", request.recipe_name));
    request.is_public = Some(true);
    let mut recipes = RecipeServiceClient::new(calls.edge.clone());
    let response = answer("CreateRecipe", recipes.create_recipe(calls.user(author, request)?).await)?;
    Ok(response.recipe.context("CreateRecipe returned no recipe")?.recipe_id)
}

async fn enter_professional(calls: &Calls<'_>, currency: &str) -> Result<String> {
    let request = CreateProfessionalRequest {
        professional_name: "Dr. Flora Mandel".to_owned(),
        credentials: strings(&["RD", "PhD"]),
        specializations: vec![Specialization::Diabetes.into()],
        bio: "Fifteen years of helping families to eat more fruit than they thought they would.".to_owned(),
        years_experience: Some(15),
        consultation_rate: Some(money(currency, 65, 0)),
        languages: strings(&["English", "German"]),
        profile_image_url: String::new(),
        request_id: request_id("flora mandel"),
    };
    let mut professionals = ProfessionalServiceClient::new(calls.edge.clone());
    let response = answer("CreateProfessional", professionals.create_professional(calls.operator(request)?).await)?;
    Ok(response.professional.context("CreateProfessional returned no professional")?.professional_id)
}

fn crumble() -> CreateRecipeRequest {
    CreateRecipeRequest {
        recipe_name: "Apple crumble".to_owned(),
        description: "Warm apples under oats, without added sugar.".to_owned(),
        ingredients: vec![
            ingredient("apples", "4", "", "peeled and sliced"),
            ingredient("rolled oats", "1.5", "cup", ""),
            ingredient("butter", "80", "g", "cold"),
            ingredient("cinnamon", "", "", ""),
        ],
        instructions: strings(&[
            "Heat the oven to 180 °C.",
            "Rub the butter into the oats.",
            "Cover the apples with it and bake for 35 minutes.",
        ]),
        prep_time_minutes: Some(50),
        servings: 4,
        difficulty_level: 2,
        tags: strings(&["vegetarian", "autumn", "dessert"]),
        ..CreateRecipeRequest::default()
    }
}

fn salad() -> CreateRecipeRequest {
    CreateRecipeRequest {
        recipe_name: "Melon and mint salad".to_owned(),
        description: "Cold, quick, and better on the second day.".to_owned(),
        ingredients: vec![
            ingredient("melon", "1", "", "in cubes"),
            ingredient("mint leaves", "10", "", "torn"),
            ingredient("lime juice", "2", "tbsp", ""),
        ],
        instructions: strings(&["Mix everything.", "Leave it in the cold for an hour."]),
        prep_time_minutes: Some(15),
        servings: 6,
        difficulty_level: 1,
        tags: strings(&["vegan", "summer"]),
        ..CreateRecipeRequest::default()
    }
}

fn smoothie() -> CreateRecipeRequest {
    CreateRecipeRequest {
        recipe_name: "Strawberry breakfast smoothie".to_owned(),
        description: "A breakfast to drink on the way.".to_owned(),
        ingredients: vec![
            ingredient("strawberries", "250", "g", ""),
            ingredient("bananas", "1", "", "ripe"),
            ingredient("plain yoghurt", "0.5", "cup", ""),
        ],
        instructions: strings(&["Blend everything until smooth."]),
        prep_time_minutes: Some(5),
        servings: 2,
        difficulty_level: 1,
        tags: strings(&["vegetarian", "breakfast"]),
        ..CreateRecipeRequest::default()
    }
}

fn ingredient(food: &str, quantity: &str, unit: &str, note: &str) -> Ingredient {
    Ingredient {
        food: food.to_owned(),
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        note: note.to_owned(),
        original_text: String::new(),
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
