//! Recipes through the edge.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;

use crate::suite::{Suite, id};

#[tokio::test]
async fn the_longest_recipe_passes_through_the_edge() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let text = |characters| "果".repeat(characters);
    let amount = |lowest: &str, highest: &str| pb::IngredientAmount {
        quantity: lowest.to_owned(),
        max_quantity: highest.to_owned(),
        unit: text(20),
    };
    let amount = amount("999999999999999997/1000000000", "999999999999999999/1000000000");
    let ingredient = pb::Ingredient {
        food: text(100),
        quantity: "999999999.9998".to_owned(),
        max_quantity: "999999999.9999".to_owned(),
        unit: text(20),
        note: text(200),
        original_text: text(200),
        size: text(50),
        package: Some(amount.clone()),
        alternatives: vec![amount; 10],
        food_number: "09040".to_owned(),
    };
    let request = pb::CreateRecipeRequest {
        recipe_name: text(100),
        description: text(2_000),
        ingredients: vec![ingredient; 100],
        instructions: vec![text(1_000); 100],
        is_public: Some(false),
        request_id: id().to_string(),
        ..Default::default()
    };
    let mut client = RecipeServiceClient::new(suite.user(id())?);
    let made = client.create_recipe(request.clone()).await?.into_inner().recipe.expect("a recipe");
    assert_eq!((&made.ingredients, &made.instructions), (&request.ingredients, &request.instructions));
    let read = client.get_recipe(pb::GetRecipeRequest { recipe_id: made.recipe_id.clone() }).await?.into_inner();
    assert_eq!(read.recipe, Some(made));
    Ok(())
}
