//! Recipes for other numbers of servings.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::scale_recipe_request::Scale;
use orchard_testkit::answer::{refused, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, crumble, id, public};

async fn scale(world: &World, user: Uuid, recipe: &str, scale: Option<Scale>) -> Result<pb::ScaleRecipeResponse, Status> {
    let request = pb::ScaleRecipeRequest { recipe_id: recipe.to_owned(), scale };
    Ok(world.recipes(user).scale_recipe(request).await?.into_inner())
}

fn times(factor: &str) -> Option<Scale> {
    Some(Scale::Factor(factor.to_owned()))
}

/// A request with the ingredients of these lines, for three.
fn of(lines: &[&str]) -> pb::CreateRecipeRequest {
    let ingredient = |text: &&str| pb::Ingredient { original_text: (*text).to_owned(), ..Default::default() };
    pb::CreateRecipeRequest { ingredients: lines.iter().map(ingredient).collect(), servings: 3, ..crumble() }
}

#[tokio::test]
async fn every_amount_is_scaled_exactly() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let lines = [
        "9 apples",
        "1/3-1/2 cup honey",
        "2 x 400 g cans chopped tomatoes",
        "250 g/9 oz butter",
        "a few sprigs of mint",
        "salt, to taste",
    ];
    let recipe = world.create(author, of(&lines)).await?;
    let scaled = scale(&world, author, &recipe.recipe_id, times("1.5")).await?;
    assert_eq!((scaled.factor.as_str(), scaled.servings.as_str()), ("1.5", "4.5"));
    assert_eq!((&scaled.recipe_id, &scaled.etag), (&recipe.recipe_id, &recipe.etag));
    let amounts: Vec<_> = scaled.ingredients.iter().map(|i| (i.quantity.as_str(), i.max_quantity.as_str())).collect();
    assert_eq!(amounts, [("13.5", ""), ("0.5", "0.75"), ("3", ""), ("375", ""), ("", ""), ("", "")]);
    assert_eq!(scaled.ingredients[2].package, recipe.ingredients[2].package, "a can stays a can");
    assert_eq!(scaled.ingredients[3].alternatives[0].quantity, "13.5");
    assert!(scaled.ingredients.iter().all(|ingredient| ingredient.original_text.is_empty()));
    let shown = [
        "13 1/2 apples",
        "1/2-3/4 cup honey",
        "3 (400 grams) cans chopped tomatoes",
        "375 grams (13 1/2 ounces) butter",
        "sprigs mint, a few",
        "salt, to taste",
    ];
    assert_eq!(scaled.lines, shown);
    assert_eq!(world.get(author, &recipe.recipe_id).await?, recipe, "nothing is stored");
    Ok(())
}

#[tokio::test]
async fn thirds_stay_thirds() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe = world.create(author, of(&["1 cup oats", "0.1 g saffron"])).await?;
    let scaled = scale(&world, author, &recipe.recipe_id, Some(Scale::Servings(1))).await?;
    assert_eq!((scaled.factor.as_str(), scaled.servings.as_str()), ("1/3", "1"));
    let amounts: Vec<_> = scaled.ingredients.iter().map(|ingredient| ingredient.quantity.as_str()).collect();
    assert_eq!(amounts, ["1/3", "1/30"]);
    assert_eq!(scaled.lines, ["1/3 cup oats", "0.03 gram saffron"], "rounded only for readers");

    // The scaled recipe can be stored, and scaled back.
    let third = pb::CreateRecipeRequest { ingredients: scaled.ingredients, servings: 1, ..crumble() };
    let third = world.create(author, third).await?;
    let back = scale(&world, author, &third.recipe_id, times("3")).await?;
    let amounts: Vec<_> = back.ingredients.iter().map(|ingredient| ingredient.quantity.as_str()).collect();
    assert_eq!(amounts, ["1", "0.1"]);
    Ok(())
}

#[tokio::test]
async fn zero_negative_and_endless_factors_are_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe = world.create(author, of(&["999999999 g apples", "salt"])).await?.recipe_id;
    for bad in ["", "0", "0.0", "-1", "-1/2", "1/0", "0/1", "1e2", "NaN", "1,5", "1000000000", "1/3000000007"] {
        assert_eq!(violations(scale(&world, author, &recipe, times(bad)).await), ["factor"], "{bad}");
    }
    for bad in [0, -1, 1_001, i32::MIN, i32::MAX] {
        assert_eq!(violations(scale(&world, author, &recipe, Some(Scale::Servings(bad))).await), ["servings"], "{bad}");
    }
    assert_eq!(violations(scale(&world, author, "1", None).await), ["recipe_id", "scale"]);

    let out_of_range = (Code::FailedPrecondition, "SCALE_OUT_OF_RANGE".to_owned());
    for factor in ["2", "999999999"] {
        assert_eq!(refused(scale(&world, author, &recipe, times(factor)).await), out_of_range, "{factor}");
    }
    let dust = pb::Ingredient { food: "apples".to_owned(), quantity: "1/999999937".to_owned(), ..Default::default() };
    let fine = world.create(author, pb::CreateRecipeRequest { ingredients: vec![dust], ..crumble() }).await?.recipe_id;
    assert_eq!(refused(scale(&world, author, &fine, times("1/2")).await), out_of_range, "too fine");
    Ok(())
}

#[tokio::test]
async fn only_what_is_seen_is_scaled() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, stranger) = (id(), id());
    let not_found = (Code::NotFound, "RECIPE_NOT_FOUND".to_owned());
    let private = world.create(author, crumble()).await?.recipe_id;
    for recipe in [private, id().to_string()] {
        assert_eq!(refused(scale(&world, stranger, &recipe, times("2")).await), not_found);
    }
    let recipe = world.create(author, public()).await?.recipe_id;
    assert_eq!(scale(&world, stranger, &recipe, times("2")).await?.servings, "8");
    world.hide(id(), &recipe).await?;
    assert_eq!(refused(scale(&world, stranger, &recipe, times("2")).await), not_found);
    assert_eq!(scale(&world, author, &recipe, times("2")).await?.servings, "8");
    Ok(())
}
