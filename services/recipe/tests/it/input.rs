//! Invalid requests: each field is refused by its path.

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;

use crate::world::{World, crumble, id, strings};

type Spoil = fn(&mut pb::CreateRecipeRequest);

#[tokio::test]
async fn all_field_violations_are_reported_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let good = crumble().ingredients[0].clone();
    let bad = pb::Ingredient {
        food: String::new(),
        quantity: "a few".to_owned(),
        unit: "x".repeat(21),
        note: "x".repeat(201),
        original_text: "x".repeat(201),
        ..Default::default()
    };
    let request = pb::CreateRecipeRequest {
        recipe_name: "x".repeat(101),
        description: "x".repeat(2_001),
        ingredients: vec![good, bad],
        instructions: vec![String::new(), "Bake.".to_owned(), "Bake\nagain.".to_owned(), "x".repeat(1_001)],
        prep_time_minutes: Some(0),
        servings: -1,
        difficulty_level: 6,
        tags: vec!["fine".to_owned(), "  ".to_owned(), "x".repeat(31)],
        image_url: "http://example.org/a.jpg".to_owned(),
        is_public: None,
        request_id: "1".to_owned(),
        nutritional_info: Some(pb::NutritionEstimate { energy_kcal: Some(-1), fat_grams: Some(10_001), ..Default::default() }),
    };
    let paths = [
        "recipe_name",
        "description",
        "ingredients[1].food",
        "ingredients[1].quantity",
        "ingredients[1].unit",
        "ingredients[1].note",
        "ingredients[1].original_text",
        "instructions[0]",
        "instructions[2]",
        "instructions[3]",
        "prep_time_minutes",
        "servings",
        "difficulty_level",
        "tags[1]",
        "tags[2]",
        "image_url",
        "nutritional_info.energy_kcal",
        "nutritional_info.fat_grams",
        "request_id",
    ];
    let answer = world.create(id(), request).await.expect_err("refused");
    assert_eq!(violations::<()>(Err(answer.clone())), paths);
    assert_eq!(refused::<()>(Err(answer)), (Code::InvalidArgument, "FIELDS_INVALID".to_owned()));

    let nothing = world.create(id(), pb::CreateRecipeRequest::default()).await;
    assert_eq!(violations(nothing), ["recipe_name", "ingredients", "instructions", "request_id"]);
    assert_eq!(world.rows().await?, (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn limits_are_those_of_the_contract() -> anyhow::Result<()> {
    let world = World::start().await?;
    let too_much: [(&str, Spoil); 10] = [
        ("ingredients", |r| r.ingredients = vec![r.ingredients[1].clone(); 101]),
        ("instructions", |r| r.instructions = strings(&["Stir."; 101])),
        ("tags", |r| r.tags = (0..21).map(|n| n.to_string()).collect()),
        ("prep_time_minutes", |r| r.prep_time_minutes = Some(10_081)),
        ("servings", |r| r.servings = 1_001),
        ("difficulty_level", |r| r.difficulty_level = -1),
        ("image_url", |r| r.image_url = format!("https://example.org/{}", "x".repeat(481))),
        ("ingredients[0].quantity", |r| r.ingredients[0].quantity = "1000000000".to_owned()),
        ("ingredients[0].quantity", |r| r.ingredients[0].quantity = "0.00001".to_owned()),
        ("ingredients[0].quantity", |r| r.ingredients[0].quantity = "0".to_owned()),
    ];
    for (path, spoil) in too_much {
        let mut request = crumble();
        spoil(&mut request);
        assert_eq!(violations(world.create(id(), request).await), [path]);
    }

    let mut most = crumble();
    most.recipe_name = "ü".repeat(100);
    most.description = "ü".repeat(2_000);
    most.ingredients[0].quantity = "999999999.9999".to_owned();
    most.ingredients = vec![most.ingredients[0].clone(); 100];
    most.instructions = vec!["ü".repeat(1_000); 100];
    most.prep_time_minutes = Some(10_080);
    most.servings = 1_000;
    most.difficulty_level = 5;
    most.tags = (0..20).map(|n| format!("{n:0>30}")).collect();
    most.image_url = format!("https://example.org/{}", "x".repeat(480));
    let author = id();
    let recipe = world.create(author, most.clone()).await?;
    assert_eq!((recipe.recipe_name, recipe.instructions, recipe.tags), (most.recipe_name, most.instructions, most.tags));
    assert_eq!(recipe.ingredients, most.ingredients);
    Ok(())
}

#[tokio::test]
async fn text_that_postgresql_cannot_hold_is_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let nul: [(&str, Spoil); 10] = [
        ("recipe_name", |r| r.recipe_name.push_str("\0x")),
        ("description", |r| r.description.push_str("\0x")),
        ("ingredients[0].food", |r| r.ingredients[0].food.push_str("\0x")),
        ("ingredients[0].quantity", |r| r.ingredients[0].quantity.push('\0')),
        ("ingredients[0].unit", |r| r.ingredients[0].unit.push_str("\0x")),
        ("ingredients[0].note", |r| r.ingredients[0].note.push_str("\0x")),
        ("ingredients[0].original_text", |r| r.ingredients[0].original_text.push_str("\0x")),
        ("instructions[0]", |r| r.instructions[0].push_str("\0x")),
        ("tags[0]", |r| r.tags[0].push_str("\0x")),
        ("image_url", |r| r.image_url.push_str("\0x")),
    ];
    for (path, spoil) in nul {
        let mut request = crumble();
        spoil(&mut request);
        assert_eq!(violations(world.create(id(), request).await), [path]);
    }
    Ok(())
}

#[tokio::test]
async fn ids_are_uuids() -> anyhow::Result<()> {
    let world = World::start().await?;
    for recipe in ["", "1", "00000000-0000-0000-0000-000000000000", "0b9a1f3e-5a1c-4d6f-9b7e-2f6a1c3d4e5\0"] {
        assert_eq!(violations(world.get(id(), recipe).await), ["recipe_id"], "{recipe:?}");
    }
    Ok(())
}
