//! Recipes as documents of schema.org.

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use serde_json::{Value, json};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, crumble, id, public, strings};

/// The least that is a recipe.
pub const MINIMAL: &str = r#"{"@type": "Recipe", "name": "Apple", "recipeIngredient": "1 apple", "recipeInstructions": "Eat."}"#;

async fn import(world: &World, author: Uuid, document: &str) -> Result<pb::ImportRecipeResponse, Status> {
    let request = pb::ImportRecipeRequest { document: document.to_owned(), request_id: id().to_string() };
    Ok(world.recipes(author).import_recipe(request).await?.into_inner())
}

/// Imports a recipe, and returns it with what was left out.
async fn imported(world: &World, document: &Value) -> Result<(pb::Recipe, Vec<String>), Status> {
    let answer = import(world, id(), &document.to_string()).await?;
    assert_eq!(answer.other_dropped_count, 0);
    Ok((answer.recipe.expect("a recipe"), answer.dropped_properties))
}

async fn export(world: &World, user: Uuid, recipe: &str) -> Result<String, Status> {
    let request = pb::ExportRecipeRequest { recipe_id: recipe.to_owned() };
    Ok(world.recipes(user).export_recipe(request).await?.into_inner().document)
}

fn document() -> Value {
    json!({
        "@context": "https://schema.org",
        "@type": "Recipe",
        "name": "Baked <b>apple</b> &amp; honey",
        "description": "Warm.",
        "author": {"@type": "Person", "name": "Somebody"},
        "recipeYield": "4 servings",
        "prepTime": "PT20M",
        "keywords": "Autumn, quick",
        "image": "https://example.org/a.jpg",
        "recipeIngredient": ["2 large apples, cored", "1/3 cup honey", "For the sauce"],
        "recipeInstructions": [{"@type": "HowToStep", "name": "In the oven", "text": "Bake."}, {"@type": "HowToStep", "text": "Eat."}],
        "nutrition": {"@type": "NutritionInformation", "calories": "250 kcal", "proteinContent": "1.6 g", "servingSize": "1 apple"},
    })
}

#[tokio::test]
async fn a_document_becomes_a_private_recipe_and_what_was_dropped_is_named() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let request = pb::ImportRecipeRequest { document: document().to_string(), request_id: id().to_string() };
    let answer = world.recipes(author).import_recipe(request.clone()).await?.into_inner();
    let dropped = ["author", "nutrition.proteinContent", "nutrition.servingSize", "recipeInstructions.name"];
    assert_eq!((answer.dropped_properties.clone(), answer.other_dropped_count), (strings(&dropped), 0));
    let recipe = answer.recipe.clone().expect("a recipe");
    assert_eq!(recipe.recipe_name, "Baked apple & honey");
    assert_eq!((recipe.description.as_str(), recipe.prep_time_minutes, recipe.servings), ("Warm.", Some(20), 4));
    assert_eq!((recipe.difficulty_level, recipe.is_public), (1, false));
    assert_eq!((&recipe.tags, &recipe.instructions), (&strings(&["autumn", "quick"]), &strings(&["Bake.", "Eat."])));
    assert_eq!(recipe.image_url, "https://example.org/a.jpg");
    let estimate = pb::NutritionEstimate { energy_kcal: Some(250), protein_grams: Some(2), ..Default::default() };
    assert_eq!(recipe.nutritional_info, Some(estimate));
    let foods: Vec<_> = recipe.ingredients.iter().map(|i| (i.quantity.as_str(), i.unit.as_str(), i.food.as_str())).collect();
    assert_eq!(foods[..2], [("2", "", "apples"), ("1/3", "cup", "honey")]);
    assert_eq!((recipe.ingredients[0].size.as_str(), recipe.ingredients[0].note.as_str()), ("large", "cored"));
    assert_eq!(recipe.ingredients[1].original_text, "1/3 cup honey");
    assert_eq!(world.get(author, &recipe.recipe_id).await?, recipe);
    assert_eq!(refused(world.get(id(), &recipe.recipe_id).await).0, Code::NotFound);

    assert_eq!(world.recipes(author).import_recipe(request.clone()).await?.into_inner(), answer, "a repeated request");
    let other = pb::ImportRecipeRequest { document: MINIMAL.to_owned(), ..request };
    let reused = (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned());
    assert_eq!(refused(world.recipes(author).import_recipe(other).await), reused);
    assert_eq!(world.rows().await?.0, 1);
    Ok(())
}

#[tokio::test]
async fn a_page_with_a_broken_script_is_read() -> anyhow::Result<()> {
    let world = World::start().await?;
    let page = r#"<html><script type="application/ld+json">{"@graph": [{"@type": ["Thing", "Recipe"], "name": "Apple",
        "recipeIngredient": ["1 apple",], "recipeInstructions": "1. Wash it. 2. Eat it.",}]};</script></html>"#;
    let recipe = import(&world, id(), page).await?.recipe.expect("a recipe");
    assert_eq!((recipe.ingredients.len(), recipe.instructions), (1, strings(&["Wash it.", "Eat it."])));
    Ok(())
}

#[tokio::test]
async fn an_exported_recipe_is_imported_as_the_same() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let of_line = |text: &str| pb::Ingredient { original_text: text.to_owned(), ..Default::default() };
    let lines = ["1/3-1/2 cup honey", "2 x 400 g cans peaches", "250 g/9 oz butter, softened", "salt, to taste"];
    let ingredients = crumble().ingredients.into_iter().chain(lines.map(of_line)).collect();
    let made = world.create(author, pb::CreateRecipeRequest { ingredients, difficulty_level: 1, ..crumble() }).await?;
    let written = export(&world, author, &made.recipe_id).await?;
    let answer = import(&world, author, &written).await?;
    assert_eq!((answer.dropped_properties, answer.other_dropped_count), (Vec::new(), 0));
    let read = answer.recipe.expect("a recipe");
    let mut expected = pb::Recipe {
        recipe_id: read.recipe_id.clone(),
        description: "Warm apples under oats. Without sugar.".to_owned(),
        create_time: read.create_time,
        update_time: read.update_time,
        edit_time: read.edit_time,
        ..made
    };
    expected.ingredients[1].original_text = "cinnamon".to_owned();
    assert_eq!(read, expected);
    assert_eq!(export(&world, author, &read.recipe_id).await?, written);
    let document: Value = serde_json::from_str(&written)?;
    assert_eq!((&document["@context"], &document["@type"]), (&json!("https://schema.org"), &json!("Recipe")));
    assert_eq!(document["recipeIngredient"][0], "2 1/2 cups of apples, peeled", "the author's own words");
    Ok(())
}

#[tokio::test]
async fn more_than_a_recipe_holds_is_dropped_and_named() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut long = document();
    long["description"] = json!("word ".repeat(500));
    long["keywords"] = json!((0..25).map(|n| format!("tag {n}")).chain(["x".repeat(31)]).collect::<Vec<_>>());
    long["recipeIngredient"] = json!((0..150).map(|n| format!("{} apples", n + 1)).collect::<Vec<_>>());
    long["recipeInstructions"] = json!(["stir ".repeat(500), "Eat."]);
    long["nutrition"] = json!({"calories": "100001 kcal", "fatContent": "3 g"});
    let (recipe, dropped) = imported(&world, &long).await?;
    assert_eq!(dropped, ["author", "description", "keywords", "nutrition.calories", "recipeIngredient"]);
    assert_eq!((recipe.description.chars().count(), recipe.tags.len(), recipe.ingredients.len()), (1_999, 20, 100));
    let steps: Vec<_> = recipe.instructions.iter().map(|step| step.chars().count()).collect();
    assert_eq!(steps, [999, 999, 499, 4], "no word of a step is lost");
    let estimate = pb::NutritionEstimate { fat_grams: Some(3), ..Default::default() };
    assert_eq!(recipe.nutritional_info, Some(estimate));

    let mut cut = document();
    cut["recipeIngredient"] = json!([format!("1 apple, {}", "very ".repeat(60)), "x".repeat(150)]);
    cut["recipeInstructions"] = json!(vec!["Stir."; 101]);
    let (recipe, dropped) = imported(&world, &cut).await?;
    assert!(
        dropped.contains(&"recipeIngredient".to_owned()) && dropped.contains(&"recipeInstructions".to_owned()),
        "{dropped:?}"
    );
    assert_eq!((recipe.ingredients[0].food.as_str(), recipe.instructions.len()), ("apple", 100));
    assert_eq!(
        (recipe.ingredients[1].food.len(), recipe.ingredients[1].original_text.len()),
        (100, 150),
        "a line without a food"
    );

    // Names of properties are the document's, too.
    let mut many = document();
    for n in 0..200 {
        many[format!("x{n}")] = json!("something");
    }
    many["y".repeat(101)] = json!("something");
    many["\u{202E}z"] = json!("something");
    let answer = import(&world, id(), &many.to_string()).await?;
    assert_eq!((answer.dropped_properties.len(), answer.other_dropped_count), (100, 106));
    Ok(())
}

#[tokio::test]
async fn hostile_documents_are_refused_or_neutralised() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let deep = format!("{}{}", "[".repeat(3_000), "]".repeat(3_000));
    let wide = format!("[{}]", vec![MINIMAL; 5_000].join(","));
    let documents = [
        "",
        " ",
        "apples",
        "{}",
        "[]",
        "null",
        r#"{"@type": "Recipe"}"#,
        r#"{"@type": "Recipe", "name": " \u200b "}"#,
        r#"{"@type": "Recipe", "name": "Apple", "recipeInstructions": "Eat."}"#,
        r#"{"@type": "Recipe", "name": "Apple", "recipeIngredient": "1 apple"}"#,
        deep.as_str(),
        wide.as_str(),
        &" ".repeat(1_000_001),
    ];
    for document in documents {
        let answer = import(&world, author, document).await;
        let start: String = document.chars().take(80).collect();
        assert_eq!(violations(answer.clone()), ["document"], "{start}");
        assert!(answer.is_err_and(|status| !status.message().contains("apples")), "no text of the document is repeated");
    }
    let nothing = world.recipes(author).import_recipe(pb::ImportRecipeRequest::default()).await;
    assert_eq!(violations(nothing), ["document", "request_id"]);
    assert_eq!(world.rows().await?, (0, 0, 0));

    let mut script = document();
    script["name"] = json!("Apple <script>alert(1)</script>\u{202E}pie");
    script["image"] = json!("javascript:alert(1)");
    script["recipeIngredient"] = json!(["1 apple &#8203;<img src=x onerror=alert(1)>"]);
    let (recipe, dropped) = imported(&world, &script).await?;
    assert!(!recipe.recipe_name.contains(['<', '\u{202E}']), "{}", recipe.recipe_name);
    assert_eq!((recipe.image_url.as_str(), recipe.ingredients[0].food.as_str()), ("", "apple"));
    assert!(dropped.contains(&"image".to_owned()));

    // A text with markup cannot leave the script in which its document stands.
    let request = pb::CreateRecipeRequest { recipe_name: "</script><script>alert(1)".to_owned(), ..crumble() };
    let recipe = world.create(author, request).await?;
    assert!(!export(&world, author, &recipe.recipe_id).await?.contains('<'));
    Ok(())
}

#[tokio::test]
async fn only_what_is_seen_is_exported() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, stranger) = (id(), id());
    let not_found = (Code::NotFound, "RECIPE_NOT_FOUND".to_owned());
    let private = world.create(author, crumble()).await?.recipe_id;
    for recipe in [private, id().to_string()] {
        assert_eq!(refused(export(&world, stranger, &recipe).await), not_found);
    }
    let recipe = world.create(author, public()).await?.recipe_id;
    assert!(!export(&world, stranger, &recipe).await?.contains(&author.to_string()));
    world.hide(id(), &recipe).await?;
    assert_eq!(refused(export(&world, stranger, &recipe).await), not_found);
    assert_eq!(violations(export(&world, author, "1").await), ["recipe_id"]);
    Ok(())
}

/// Neither a child nor a silent family service keeps anyone from importing what only they will see.
#[tokio::test]
async fn a_child_imports_and_does_not_publish() -> anyhow::Result<()> {
    let world = World::start().await?;
    let child = world.child().await?;
    let recipe = import(&world, child, MINIMAL).await?.recipe.expect("a recipe");
    let answer = refused(world.set_public(child, &recipe.recipe_id, true).await);
    assert_eq!(answer, (Code::PermissionDenied, "CHILD_NOT_PERMITTED".to_owned()));
    Ok(())
}
