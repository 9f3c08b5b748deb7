use std::sync::Arc;

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_testkit::answer::{refusal, refused};
use orchard_testkit::client::Headers;
use tokio::task::JoinSet;
use tonic::Code;

use crate::world::{World, crumble, id, insist, strings};

fn not_found() -> (Code, String) {
    (Code::NotFound, "RECIPE_NOT_FOUND".to_owned())
}

#[tokio::test]
async fn a_created_entry_is_read_back_unchanged() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let request = crumble();
    let recipe = world.create(author, request.clone()).await?;
    assert_eq!(recipe.user_id, author.to_string());
    assert!(recipe.create_time.is_some() && recipe.create_time == recipe.update_time);
    let mut ingredients = request.ingredients;
    ingredients[0].quantity = "2.5".to_owned();
    let expected = pb::Recipe {
        recipe_id: recipe.recipe_id.clone(),
        user_id: author.to_string(),
        recipe_name: "Apple crumble".to_owned(),
        description: "Warm apples under oats.\n\nWithout sugar.".to_owned(),
        ingredients,
        instructions: strings(&["Heat the oven to 180 °C.", "Bake for 35 minutes."]),
        prep_time_minutes: Some(50),
        servings: 4,
        difficulty_level: 2,
        tags: strings(&["vegetarian", "autumn", "ärger-frei"]),
        image_url: "https://example.org/crumble.jpg".to_owned(),
        is_public: false,
        create_time: recipe.create_time,
        update_time: recipe.create_time,
        ..Default::default()
    };
    assert_eq!(recipe, expected);
    assert_eq!(world.get(author, &recipe.recipe_id).await?, expected);

    let client = world.slice.schema.connect().await?;
    let row = client.query_one("SELECT ingredients::text, instructions, tags FROM user_recipes", &[]).await?;
    let ingredients: serde_json::Value = serde_json::from_str(row.get(0))?;
    let apples = serde_json::json!({
        "food": "apples", "quantity": "2.5", "unit": "cup", "note": "peeled", "original_text": "2 1/2 cups of apples, peeled",
    });
    assert_eq!(
        ingredients,
        serde_json::json!([apples, {"food": "cinnamon"}]),
        "one object for each ingredient, with an exact quantity"
    );
    assert_eq!(row.get::<_, String>(1), "Heat the oven to 180 °C.\nBake for 35 minutes.", "one step in each line");
    assert_eq!(row.get::<_, Vec<String>>(2), strings(&["vegetarian", "autumn", "ärger-frei"]));
    Ok(())
}

#[tokio::test]
async fn omitted_fields_have_defaults() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let request = pb::CreateRecipeRequest {
        recipe_name: "Apple".to_owned(),
        ingredients: vec![pb::Ingredient { food: "apple".to_owned(), ..Default::default() }],
        instructions: strings(&["Eat."]),
        request_id: id().to_string(),
        ..Default::default()
    };
    let recipe = world.create(author, request.clone()).await?;
    let expected = pb::Recipe {
        recipe_id: recipe.recipe_id.clone(),
        user_id: author.to_string(),
        recipe_name: "Apple".to_owned(),
        ingredients: request.ingredients,
        instructions: request.instructions,
        servings: 1,
        difficulty_level: 1,
        is_public: true,
        create_time: recipe.create_time,
        update_time: recipe.update_time,
        ..Default::default()
    };
    assert_eq!(recipe, expected);
    Ok(())
}

#[tokio::test]
async fn only_the_author_sees_a_private_recipe() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, stranger) = (id(), id());
    let public = world.create(author, pb::CreateRecipeRequest { is_public: Some(true), ..crumble() }).await?;
    let seen = world.get(stranger, &public.recipe_id).await?;
    assert_eq!(seen, pb::Recipe { user_id: String::new(), ..public }, "everything except the author");

    let private = world.create(author, crumble()).await?;
    assert_eq!(world.get(author, &private.recipe_id).await?, private);
    for recipe in [private.recipe_id, id().to_string()] {
        assert_eq!(refused(world.get(stranger, &recipe).await), not_found());
    }
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_creates_one_recipe() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let request = crumble();
    let first = world.create(author, request.clone()).await?;
    assert_eq!(world.create(author, request.clone()).await?, first);
    assert_eq!(world.rows().await?, (1, 1, 1));

    let other = pb::CreateRecipeRequest { is_public: Some(true), ..request.clone() };
    let reused = world.create(author, other).await.expect_err("another recipe with a used request_id");
    assert_eq!(refusal(&reused).domain, "orchard.recipe");
    assert_eq!(refused::<()>(Err(reused)), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));

    let somebody_else = world.create(id(), request).await?;
    assert_ne!(somebody_else.recipe_id, first.recipe_id, "a request_id belongs to its caller");
    assert_eq!(world.rows().await?, (2, 2, 2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_duplicates_create_one_recipe() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let author = id();
    let request = crumble();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (world, request) = (Arc::clone(&world), request.clone());
        calls.spawn(async move { insist(|| world.create(author, request.clone())).await });
    }
    let recipes = calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(recipes.len(), 20);
    assert!(recipes.iter().all(|recipe| *recipe == recipes[0]));
    assert_eq!(world.rows().await?, (1, 1, 1));
    Ok(())
}

#[tokio::test]
async fn only_users_are_served() -> anyhow::Result<()> {
    let world = World::start().await?;
    let public = world.create(id(), pb::CreateRecipeRequest { is_public: Some(true), ..crumble() }).await?;
    let get = pb::GetRecipeRequest { recipe_id: public.recipe_id };
    let missing = (Code::Unauthenticated, "TOKEN_MISSING".to_owned());
    let mut nobody = RecipeServiceClient::new(world.slice.with(Headers::none()));
    assert_eq!(refused(nobody.get_recipe(get.clone()).await), missing);
    assert_eq!(refused(nobody.create_recipe(crumble()).await), missing);

    let not_admitted = (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned());
    for name in ["edge", "recipe"] {
        let mut service = RecipeServiceClient::new(world.slice.service(name)?);
        assert_eq!(refused(service.get_recipe(get.clone()).await), not_admitted);
        assert_eq!(refused(service.create_recipe(crumble()).await), not_admitted);
    }
    assert_eq!(world.rows().await?, (1, 1, 1));
    Ok(())
}

#[tokio::test]
async fn an_erased_user_creates_no_recipe() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let client = world.slice.schema.connect().await?;
    client.execute("INSERT INTO erased_users (user_hash) VALUES (sha256(uuid_send($1)))", &[&author]).await?;
    let erased = (Code::FailedPrecondition, "USER_ERASED".to_owned());
    assert_eq!(refused(world.create(author, crumble()).await), erased);
    assert_eq!(world.rows().await?, (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn an_unreadable_recipe_is_a_fault_that_reveals_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe = world.create(author, crumble()).await?;
    world.slice.schema.connect().await?.execute(r#"UPDATE user_recipes SET ingredients = '["2 secret apples"]'"#, &[]).await?;
    let fault = world.get(author, &recipe.recipe_id).await.expect_err("a fault");
    assert!(!fault.message().contains("secret"), "{fault}");
    assert_eq!(refused::<()>(Err(fault)), (Code::Internal, "INTERNAL".to_owned()));
    Ok(())
}
