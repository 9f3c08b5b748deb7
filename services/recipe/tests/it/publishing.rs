//! Who may publish which recipe.

use std::sync::Arc;

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::{metadata, refused};
use orchard_testkit::keys::DevKeys;
use tonic::Code;
use uuid::Uuid;

use crate::world::{NOWHERE, World, crumble, id, public, settings};

fn oats() -> Vec<pb::Ingredient> {
    vec![pb::Ingredient { food: "rolled oats".to_owned(), ..Default::default() }]
}

#[tokio::test]
async fn a_public_recipe_has_a_fruit() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let required = (Code::FailedPrecondition, "FRUIT_REQUIRED".to_owned());
    let without = pb::CreateRecipeRequest { ingredients: oats(), ..public() };
    assert_eq!(refused(world.create(author, without.clone()).await), required);
    assert_eq!(world.rows().await?, (0, 0, 0));

    let private = world.create(author, pb::CreateRecipeRequest { is_public: Some(false), ..without }).await?;
    assert_eq!(refused(world.set_public(author, &private.recipe_id, true).await), required);
    let with = pb::Recipe { is_public: true, ingredients: crumble().ingredients, ..private.clone() };
    let recipe = world.update(author, with.clone(), &["is_public", "ingredients"]).await?;
    assert!(recipe.is_public);
    let without = pb::Recipe { ingredients: oats(), etag: recipe.etag.clone(), ..with };
    assert_eq!(refused(world.update(author, without.clone(), &["ingredients"]).await), required);
    assert_eq!(world.get(author, &private.recipe_id).await?, recipe);
    let hidden = pb::Recipe { is_public: false, ..without };
    assert!(!world.update(author, hidden, &["ingredients", "is_public"]).await?.is_public);
    Ok(())
}

#[tokio::test]
async fn a_child_publishes_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let child = world.child().await?;
    let not_permitted = (Code::PermissionDenied, "CHILD_NOT_PERMITTED".to_owned());
    assert_eq!(refused(world.create(child, public()).await), not_permitted);
    assert_eq!(world.rows().await?.0, 0);
    let private = world.create(child, crumble()).await?;
    let larger = world.update(child, pb::Recipe { servings: 9, ..private.clone() }, &["servings"]).await?;
    assert_eq!(larger.servings, 9, "a private recipe is theirs");
    assert_eq!(refused(world.set_public(child, &private.recipe_id, true).await), not_permitted);

    // It was public before its author became a child.
    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE user_recipes SET is_public = true, updated_at = now()", &[]).await?;
    let again = pb::Recipe { servings: 10, etag: String::new(), ..private.clone() };
    assert_eq!(refused(world.update(child, again, &["servings"]).await), not_permitted);
    assert!(!world.set_public(child, &private.recipe_id, false).await?.is_public);
    Ok(())
}

#[tokio::test]
async fn without_the_family_service_nothing_is_published() -> anyhow::Result<()> {
    let world = World::asking(NOWHERE, NOWHERE, Arc::new(DevKeys::ephemeral()?)).await?;
    let author = id();
    let answer = world.create(author, public()).await.expect_err("refused");
    assert_eq!(metadata(&answer, "upstream").as_deref(), Some("family"));
    let unavailable = (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned());
    assert_eq!(refused::<()>(Err(answer)), unavailable);
    assert_eq!(world.rows().await?, (0, 0, 0));

    let private = world.create(author, crumble()).await?;
    assert_eq!(refused(world.set_public(author, &private.recipe_id, true).await), unavailable);
    let larger = world.update(author, pb::Recipe { servings: 9, ..private.clone() }, &["servings"]).await?;
    assert_eq!((larger.servings, larger.is_public), (9, false), "a private recipe needs nobody");
    Ok(())
}

/// The service that notifies users is away, so its events stay in the outbox.
#[tokio::test]
async fn subscribers_are_told_once_that_a_recipe_is_public() -> anyhow::Result<()> {
    let started = World::start().await?;
    let (family, social) = (started.family.as_ref().expect("family"), started.social.as_ref().expect("social"));
    let keys = Arc::clone(&started.slice.keys);
    let settings = settings(&keys, &crate::world::url(family), &crate::world::url(social));
    let settings = orchard_recipe::Settings { notifications_url: Some(NOWHERE.parse()?), ..settings };
    let world = World::with(&settings, keys).await?;
    let author = id();
    let told = async || {
        let client = world.slice.schema.connect().await?;
        let events = "SELECT aggregate_id, event_type FROM outbox WHERE consumer = 'notifications' ORDER BY position";
        let rows = client.query(events, &[]).await?;
        anyhow::Ok(rows.iter().map(|row| (row.get::<_, Uuid>(0), row.get::<_, String>(1))).collect::<Vec<_>>())
    };
    let private = world.create(author, crumble()).await?.recipe_id;
    assert_eq!(told().await?, []);
    let event = |recipe: &str| (recipe.parse().expect("an id"), "orchard.recipe.v1.RecipePublished".to_owned());
    let first = world.publish(author).await?;
    for is_public in [true, false, true] {
        world.set_public(author, &private, is_public).await?;
    }
    assert_eq!(told().await?, [event(&first), event(&private)]);
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_needs_no_answer_of_the_family_service() -> anyhow::Result<()> {
    let mut world = World::start().await?;
    let (author, request) = (id(), public());
    let recipe = world.create(author, request.clone()).await?;
    world.family.take().expect("a family service").running.stop().await?;
    assert_eq!(world.create(author, request).await?, recipe);
    let new = world.create(author, public()).await;
    assert_eq!(refused(new), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    Ok(())
}
