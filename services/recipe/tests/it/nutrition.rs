//! What recipes contain.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::{Nutrient, UncountedReason};
use orchard_testkit::answer::{refused, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, crumble, id, public};

async fn nutrition(world: &World, user: Uuid, recipe: &str) -> Result<pb::GetRecipeNutritionResponse, Status> {
    let request = pb::GetRecipeNutritionRequest { recipe_id: recipe.to_owned() };
    Ok(world.recipes(user).get_recipe_nutrition(request).await?.into_inner())
}

fn lines(lines: &[&str]) -> Vec<pb::Ingredient> {
    lines.iter().map(|text| pb::Ingredient { original_text: (*text).to_owned(), ..Default::default() }).collect()
}

/// Creates a recipe for two, without an estimate.
async fn create(world: &World, author: Uuid, ingredients: Vec<pb::Ingredient>) -> Result<pb::Recipe, Status> {
    let request = pb::CreateRecipeRequest { ingredients, servings: 2, nutritional_info: None, ..crumble() };
    world.create(author, request).await
}

/// Returns the amounts in the recipe and in a serving, and whether there may be more; none of what is unknown.
fn amounts(answer: &pb::GetRecipeNutritionResponse, nutrient: Nutrient) -> Option<(&str, &str, bool)> {
    let found = answer.nutrients.iter().find(|amount| amount.nutrient() == nutrient);
    found.map(|amount| (amount.per_recipe.as_str(), amount.per_serving.as_str(), amount.is_at_least))
}

#[tokio::test]
async fn a_recipe_and_a_serving_are_computed_with_food_measure_and_grams() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe = create(&world, author, lines(&["2 cups bananas, sliced", "100-150 g strawberries"])).await?;
    let answer = nutrition(&world, author, &recipe.recipe_id).await?;
    assert_eq!((&answer.recipe_id, &answer.etag, answer.servings), (&recipe.recipe_id, &recipe.etag, 2));
    let bananas = pb::IngredientNutrition {
        food_number: "09040".to_owned(),
        food_description: "Bananas, raw".to_owned(),
        grams: "300".to_owned(),
        measure: "cup, sliced".to_owned(),
        measure_grams: "150".to_owned(),
        ..Default::default()
    };
    assert_eq!(answer.ingredients[0], bananas);
    let strawberries = &answer.ingredients[1];
    let weighed = (strawberries.food_number.as_str(), strawberries.grams.as_str(), strawberries.measure.as_str());
    assert_eq!(weighed, ("09316", "100", ""), "the lower end of a range, and no measure of a mass");
    // 300 g at 89 kcal and 100 g at 32 kcal, in 100 g.
    assert_eq!(amounts(&answer, Nutrient::EnergyKilocalories), Some(("299", "149.5", false)));
    assert_eq!((answer.completeness_percent, answer.nutrients.len()), (100, 13));
    assert!(answer.source.starts_with("USDA National Nutrient Database for Standard Reference, release 28"));
    Ok(())
}

#[tokio::test]
async fn what_is_not_counted_is_listed_with_why_and_is_no_zero() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let ingredients = lines(&["200 g strawberries", "1 tbsp matcha", "2 tbsp chia seeds", "salt, to taste"]);
    let recipe = create(&world, author, ingredients).await?.recipe_id;
    let answer = nutrition(&world, author, &recipe).await?;
    let reasons: Vec<_> = answer.ingredients.iter().map(pb::IngredientNutrition::uncounted_reason).collect();
    let expected =
        [UncountedReason::Unspecified, UncountedReason::Unmatched, UncountedReason::NotWeighable, UncountedReason::NoQuantity];
    assert_eq!(reasons, expected);
    assert_eq!(answer.ingredients[1].food_number, "");
    assert!(answer.ingredients[2..].iter().all(|line| !line.food_number.is_empty() && line.grams.is_empty()));
    assert_eq!(answer.completeness_percent, 25);
    assert_eq!(amounts(&answer, Nutrient::EnergyKilocalories), Some(("64", "32", true)));

    let unknown = create(&world, author, lines(&["1 tbsp matcha"])).await?.recipe_id;
    let answer = nutrition(&world, author, &unknown).await?;
    assert_eq!((answer.completeness_percent, answer.nutrients.len()), (0, 0));

    // The fibre of balsamic vinegar has not been measured.
    let vinegar = create(&world, author, lines(&["100 g balsamic vinegar"])).await?.recipe_id;
    let answer = nutrition(&world, author, &vinegar).await?;
    assert_eq!(amounts(&answer, Nutrient::FibreGrams), None);
    assert_eq!(amounts(&answer, Nutrient::SugarGrams), Some(("14.95", "7.475", false)));
    Ok(())
}

#[tokio::test]
async fn a_changed_recipe_is_computed_anew() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe = create(&world, author, lines(&["100 g strawberries"])).await?;
    let energy = async |recipe: &str| {
        let answer = nutrition(&world, author, recipe).await?;
        let energy = amounts(&answer, Nutrient::EnergyKilocalories).map(|(_, serving, _)| serving.to_owned());
        Ok::<_, Status>((answer.etag, energy.unwrap_or_default()))
    };
    assert_eq!(energy(&recipe.recipe_id).await?, ("1".to_owned(), "16".to_owned()));
    let change = pb::Recipe { servings: 1, ingredients: lines(&["50 g strawberries"]), ..recipe };
    let changed = world.update(author, change, &["servings", "ingredients"]).await?;
    assert_eq!(energy(&changed.recipe_id).await?, ("2".to_owned(), "16".to_owned()));
    let changed = world.update(author, pb::Recipe { servings: 4, ..changed }, &["servings"]).await?;
    assert_eq!(energy(&changed.recipe_id).await?, ("3".to_owned(), "4".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_match_is_corrected_by_hand_and_kept() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe = create(&world, author, lines(&["100 g ugli fruit"])).await?;
    assert_eq!(nutrition(&world, author, &recipe.recipe_id).await?.ingredients[0].uncounted_reason(), UncountedReason::Unmatched);
    let mut ingredients = recipe.ingredients.clone();
    ingredients[0].food_number = "09279".to_owned();
    let corrected = world.update(author, pb::Recipe { ingredients, ..recipe }, &["ingredients"]).await?;
    let answer = nutrition(&world, author, &corrected.recipe_id).await?;
    assert_eq!((answer.ingredients[0].food_number.as_str(), answer.completeness_percent), ("09279", 100));
    assert_eq!(amounts(&answer, Nutrient::EnergyKilocalories), Some(("46", "23", false)));
    let renamed = pb::Recipe { recipe_name: "Ugli".to_owned(), ..corrected.clone() };
    assert_eq!(world.update(author, renamed, &["recipe_name"]).await?.ingredients, corrected.ingredients);
    Ok(())
}

#[tokio::test]
async fn the_estimate_of_the_author_is_kept_apart() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let request = pb::CreateRecipeRequest { ingredients: lines(&["400 g strawberries"]), servings: 4, ..crumble() };
    let recipe = world.create(author, request.clone()).await?;
    let answer = nutrition(&world, author, &recipe.recipe_id).await?;
    assert_eq!(answer.author_estimate, request.nutritional_info);
    assert_eq!(amounts(&answer, Nutrient::EnergyKilocalories), Some(("128", "32", false)));
    assert_eq!(recipe.nutritional_info, request.nutritional_info, "the estimate stays as it is");
    Ok(())
}

#[tokio::test]
async fn only_what_is_seen_is_computed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, stranger) = (id(), id());
    let not_found = (Code::NotFound, "RECIPE_NOT_FOUND".to_owned());
    let private = world.create(author, crumble()).await?.recipe_id;
    for recipe in [private, id().to_string()] {
        assert_eq!(refused(nutrition(&world, stranger, &recipe).await), not_found);
    }
    let recipe = world.create(author, public()).await?.recipe_id;
    assert_eq!(nutrition(&world, stranger, &recipe).await?.recipe_id, recipe);
    world.hide(id(), &recipe).await?;
    assert_eq!(refused(nutrition(&world, stranger, &recipe).await), not_found);
    assert_eq!(violations(nutrition(&world, author, "1").await), ["recipe_id"]);
    Ok(())
}

/// The longest recipe has the largest numbers that can be stored.
#[tokio::test]
async fn extreme_amounts_are_computed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let apple = |quantity: &str| pb::Ingredient {
        food: "apples".to_owned(),
        quantity: quantity.to_owned(),
        unit: "kilogram".to_owned(),
        ..Default::default()
    };
    let large = create(&world, author, vec![apple("999999999.9999"); 100]).await?.recipe_id;
    let answer = nutrition(&world, author, &large).await?;
    assert!(answer.ingredients[0].grams.starts_with("999999999999."), "{:?}", answer.ingredients[0]);
    let small = create(&world, author, vec![apple("1/1000000000")]).await?.recipe_id;
    assert_eq!(nutrition(&world, author, &small).await?.completeness_percent, 100);
    Ok(())
}
