use std::sync::Arc;

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_testkit::answer::{refusal, refused, violations};
use orchard_testkit::client::Headers;
use tokio::task::JoinSet;
use tonic::Code;

use crate::world::{World, crumble, id, insist, public, strings};

fn not_found() -> (Code, String) {
    (Code::NotFound, "RECIPE_NOT_FOUND".to_owned())
}

#[tokio::test]
async fn a_created_recipe_is_read_back_unchanged() -> anyhow::Result<()> {
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
        edit_time: recipe.create_time,
        etag: "1".to_owned(),
        nutritional_info: request.nutritional_info,
        rating: Some(pb::RatingSummary::default()),
        ..Default::default()
    };
    assert_eq!(recipe, expected);
    assert_eq!(world.get(author, &recipe.recipe_id).await?, expected);

    let client = world.slice.schema.connect().await?;
    let columns = "SELECT ingredients::text, instructions, tags, nutritional_info::text FROM user_recipes";
    let row = client.query_one(columns, &[]).await?;
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
    let nutrition: serde_json::Value = serde_json::from_str(row.get(3))?;
    let estimate = serde_json::json!({"energy_kcal": 250, "protein_grams": 0, "sodium_milligrams": 12});
    assert_eq!(nutrition, serde_json::json!({"estimate": estimate}), "what is not known is not 0");
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
        edit_time: recipe.create_time,
        etag: "1".to_owned(),
        rating: Some(pb::RatingSummary::default()),
        ..Default::default()
    };
    assert_eq!(recipe, expected);
    Ok(())
}

#[tokio::test]
async fn only_the_author_sees_a_private_recipe() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, stranger) = (id(), id());
    let shared = world.create(author, public()).await?;
    let seen = world.get(stranger, &shared.recipe_id).await?;
    assert_eq!(seen, pb::Recipe { user_id: String::new(), ..shared }, "everything except the author");

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
    let get = pb::GetRecipeRequest { recipe_id: world.publish(id()).await? };
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
    world
        .slice
        .schema
        .connect()
        .await?
        .execute(r#"UPDATE user_recipes SET ingredients = '["2 secret apples"]', updated_at = now()"#, &[])
        .await?;
    let fault = world.get(author, &recipe.recipe_id).await.expect_err("a fault");
    assert!(!fault.message().contains("secret"), "{fault}");
    assert_eq!(refused::<()>(Err(fault)), (Code::Internal, "INTERNAL".to_owned()));
    Ok(())
}

#[tokio::test]
async fn own_recipes_are_listed_newest_first() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let mut created = Vec::new();
    for request in [crumble(), public(), crumble()] {
        created.push(world.create(author, request).await?.recipe_id);
    }
    world.create(id(), public()).await?;
    created.reverse();
    let mut client = world.recipes(author);
    let mut request = pb::ListRecipesRequest { page_size: 2, ..Default::default() };
    let first = client.list_recipes(request.clone()).await?.into_inner();
    request.page_token = first.next_page_token;
    // A recipe that is created in between does not move the next page.
    world.create(author, crumble()).await?;
    let second = client.list_recipes(request.clone()).await?.into_inner();
    assert_eq!((first.recipes.len(), second.next_page_token.as_str()), (2, ""));
    let listed: Vec<_> = first.recipes.iter().chain(&second.recipes).map(|recipe| recipe.recipe_id.clone()).collect();
    assert_eq!(listed, created);
    assert_eq!((first.recipes[0].recipe_name.as_str(), first.recipes[0].servings), ("Apple crumble", 4));

    let others = world.recipes(id()).list_recipes(request).await;
    assert_eq!(violations(others), ["page_token"], "a token is its caller's");
    Ok(())
}

#[tokio::test]
async fn a_batch_has_the_visible_recipes_once_and_leaves_out_what_does_not_fit() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, viewer) = (id(), id());
    let (one, other) = (world.publish(author).await?, world.publish(author).await?);
    let private = world.create(author, crumble()).await?.recipe_id;
    let batch = async |user, recipe_ids: Vec<String>| {
        let request = pb::BatchGetRecipesRequest { recipe_ids };
        world.recipes(user).batch_get_recipes(request).await.map(tonic::Response::into_inner)
    };
    let ids =
        |answer: &pb::BatchGetRecipesResponse| answer.recipes.iter().map(|recipe| recipe.recipe_id.clone()).collect::<Vec<_>>();
    let asked = vec![other.clone(), private.clone(), one.clone(), one.clone(), id().to_string()];
    assert_eq!(ids(&batch(viewer, asked.clone()).await?), [one.clone(), other.clone()]);
    assert_eq!(ids(&batch(author, asked).await?), [one.clone(), other.clone(), private]);
    assert_eq!(violations(batch(viewer, Vec::new()).await), ["recipe_ids"]);
    assert_eq!(violations(batch(viewer, vec![one; 21]).await), ["recipe_ids"]);

    let mut long = Vec::new();
    for _ in 0..20 {
        let steps = vec!["🍏".repeat(1_000); 100];
        long.push(world.create(author, pb::CreateRecipeRequest { instructions: steps, ..crumble() }).await?.recipe_id);
    }
    let mut left = long.clone();
    let mut found = Vec::new();
    while !left.is_empty() {
        let answer = batch(author, left).await?;
        assert!(!answer.recipes.is_empty(), "each answer has some");
        found.extend(ids(&answer));
        left = answer.remaining_recipe_ids;
    }
    assert_eq!(found, long);
    Ok(())
}
