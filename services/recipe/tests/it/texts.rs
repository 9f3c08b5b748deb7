//! Texts that people see, in every request.

use orchard_proto::DESCRIPTORS;
use orchard_testkit::texts::findings;

use crate::world::{World, id};

const TEXTS: &[&str] = &[
    "CreateRecipeRequest.description",
    "CreateRecipeRequest.instructions",
    "CreateRecipeRequest.recipe_name",
    "CreateRecipeRequest.tags",
    "Ingredient.food",
    "Ingredient.note",
    "Ingredient.original_text",
    "Ingredient.unit",
];

/// Addresses and numbers.
const OTHERS: &[&str] = &["CreateRecipeRequest.image_url", "Ingredient.quantity"];

#[tokio::test]
async fn texts_that_people_see_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = world.slice.user(id())?;
    let found = findings(DESCRIPTORS, "orchard.recipe.v1", (TEXTS, OTHERS), |_| Ok(user.clone())).await?;
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}
