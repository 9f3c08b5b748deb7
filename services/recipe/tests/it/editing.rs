//! Changes and deletions by authors.

use std::sync::Arc;

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, crumble, id, insist, public, strings};

fn changed() -> (Code, String) {
    (Code::Aborted, "RECIPE_CHANGED".to_owned())
}

async fn delete(world: &World, author: Uuid, recipe_id: &str, etag: &str) -> Result<(), Status> {
    let request = pb::DeleteRecipeRequest { recipe_id: recipe_id.to_owned(), etag: etag.to_owned() };
    world.recipes(author).delete_recipe(request).await.map(drop)
}

/// Copies a field of the second recipe to the first.
type Change = fn(&mut pb::Recipe, &pb::Recipe);

#[tokio::test]
async fn each_field_is_changed_alone() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let mut expected = world.create(author, crumble()).await?;
    let created = expected.create_time;
    let new = pb::Recipe {
        recipe_id: expected.recipe_id.clone(),
        recipe_name: "Pear crumble".to_owned(),
        description: String::new(),
        ingredients: vec![pb::Ingredient { food: "pears".to_owned(), quantity: "0.0001".to_owned(), ..Default::default() }],
        instructions: strings(&["Bake."]),
        prep_time_minutes: None,
        servings: 1_000,
        difficulty_level: 5,
        tags: Vec::new(),
        image_url: String::new(),
        is_public: true,
        nutritional_info: None,
        ..Default::default()
    };
    let changes: [(&str, Change); 11] = [
        ("recipe_name", |to, from| to.recipe_name = from.recipe_name.clone()),
        ("description", |to, from| to.description = from.description.clone()),
        ("ingredients", |to, from| to.ingredients = from.ingredients.clone()),
        ("instructions", |to, from| to.instructions = from.instructions.clone()),
        ("prep_time_minutes", |to, from| to.prep_time_minutes = from.prep_time_minutes),
        ("servings", |to, from| to.servings = from.servings),
        ("difficulty_level", |to, from| to.difficulty_level = from.difficulty_level),
        ("tags", |to, from| to.tags = from.tags.clone()),
        ("image_url", |to, from| to.image_url = from.image_url.clone()),
        ("is_public", |to, from| to.is_public = from.is_public),
        ("nutritional_info", |to, from| to.nutritional_info = from.nutritional_info),
    ];
    for (path, change) in changes {
        let before = expected.clone();
        let updated = world.update(author, pb::Recipe { etag: before.etag.clone(), ..new.clone() }, &[path]).await?;
        change(&mut expected, &new);
        assert_ne!(updated.etag, before.etag, "{path}");
        assert_eq!((updated.create_time, updated.edit_time), (created, updated.update_time), "{path}");
        (expected.etag, expected.update_time, expected.edit_time) =
            (updated.etag.clone(), updated.update_time, updated.edit_time);
        assert_eq!(updated, expected, "{path}");
        assert_eq!(world.get(author, &expected.recipe_id).await?, expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn what_the_mask_does_not_name_is_not_read() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe = world.create(author, crumble()).await?;
    let bad = pb::Recipe {
        recipe_id: recipe.recipe_id.clone(),
        recipe_name: String::new(),
        ingredients: Vec::new(),
        servings: 8,
        ..Default::default()
    };
    assert_eq!(world.update(author, bad.clone(), &["servings"]).await?.servings, 8);
    let refused_paths = violations(world.update(author, bad.clone(), &["recipe_name", "ingredients", "servings"]).await);
    assert_eq!(refused_paths, ["recipe.recipe_name", "recipe.ingredients"]);
    for path in ["recipe_id", "user_id", "etag", "rating", "feature_time", "hide_time", "favourite_count", "create_time", "x"] {
        assert_eq!(violations(world.update(author, bad.clone(), &[path]).await), ["update_mask"], "{path}");
    }
    assert_eq!(violations(world.update(author, bad.clone(), &[]).await), ["update_mask"]);
    let etag = pb::Recipe { etag: "latest".to_owned(), ..bad };
    assert_eq!(violations(world.update(author, etag, &["servings"]).await), ["recipe.etag"]);
    Ok(())
}

#[tokio::test]
async fn an_outdated_etag_changes_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let read = world.create(author, crumble()).await?;
    let first = world.update(author, pb::Recipe { servings: 6, ..read.clone() }, &["servings"]).await?;
    let other = pb::Recipe { servings: 8, recipe_name: "Other".to_owned(), ..read.clone() };
    assert_eq!(refused(world.update(author, other, &["servings", "recipe_name"]).await), changed());
    assert_eq!(world.get(author, &read.recipe_id).await?, first, "nothing was changed, and nothing is lost");
    // The first request again, whose answer was lost.
    assert_eq!(world.update(author, pb::Recipe { servings: 6, ..read.clone() }, &["servings"]).await?, first);
    assert_eq!(refused(delete(&world, author, &read.recipe_id, &read.etag).await), changed());
    delete(&world, author, &read.recipe_id, &first.etag).await?;
    assert_eq!(world.rows().await?.0, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_changes_of_one_version_one_is_made() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let author = id();
    let read = world.create(author, crumble()).await?;
    let mut calls = JoinSet::new();
    for servings in 100..132 {
        let (world, recipe) = (Arc::clone(&world), pb::Recipe { servings, ..read.clone() });
        calls.spawn(async move { insist(|| world.update(author, recipe.clone(), &["servings"])).await });
    }
    let (made, refusals): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refusals.len()), (1, 31));
    for refusal in refusals {
        assert_eq!(refused(refusal), changed());
    }
    assert_eq!(world.get(author, &read.recipe_id).await?, made.into_iter().next().expect("one")?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_different_fields_are_all_kept() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let author = id();
    let recipe_id = world.create(author, crumble()).await?.recipe_id;
    let new = pb::Recipe {
        recipe_id: recipe_id.clone(),
        servings: 9,
        difficulty_level: 4,
        recipe_name: "Kept".to_owned(),
        description: "Kept".to_owned(),
        ..Default::default()
    };
    let mut calls = JoinSet::new();
    for path in ["servings", "difficulty_level", "recipe_name", "description"] {
        let (world, new) = (Arc::clone(&world), new.clone());
        calls.spawn(async move { insist(|| async { world.update(author, new.clone(), &[path]).await }).await });
    }
    calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let recipe = world.get(author, &recipe_id).await?;
    let kept = (recipe.servings, recipe.difficulty_level, recipe.recipe_name.as_str(), recipe.description.as_str());
    assert_eq!((kept, recipe.etag.as_str()), ((9, 4, "Kept", "Kept"), "5"));
    Ok(())
}

#[tokio::test]
async fn only_the_author_changes_and_deletes_a_recipe() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, other) = (id(), id());
    let recipe = world.create(author, public()).await?;
    let not_author = (Code::PermissionDenied, "NOT_AUTHOR".to_owned());
    assert_eq!(refused(world.update(other, pb::Recipe { servings: 9, ..recipe.clone() }, &["servings"]).await), not_author);
    assert_eq!(refused(delete(&world, other, &recipe.recipe_id, "").await), not_author);
    assert_eq!(world.get(author, &recipe.recipe_id).await?, recipe);

    delete(&world, author, &recipe.recipe_id, "").await?;
    let not_found = (Code::NotFound, "RECIPE_NOT_FOUND".to_owned());
    assert_eq!(refused(delete(&world, author, &recipe.recipe_id, "").await), not_found);
    assert_eq!(refused(world.get(author, &recipe.recipe_id).await), not_found);
    Ok(())
}

#[tokio::test]
async fn a_repeated_creation_of_a_deleted_recipe_creates_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let request = crumble();
    let recipe = world.create(author, request.clone()).await?;
    delete(&world, author, &recipe.recipe_id, "").await?;
    assert_eq!(refused(world.create(author, request).await), (Code::NotFound, "RECIPE_NOT_FOUND".to_owned()));
    assert_eq!(world.rows().await?.0, 0);
    Ok(())
}

#[tokio::test]
async fn a_deleted_recipe_takes_everything_with_it() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reader) = (id(), id());
    let recipe = world.publish(author).await?;
    let review = world.review(reader, &recipe, 4).await?.review_id;
    world.reviews(author).add_helpful_vote(pb::AddHelpfulVoteRequest { review_id: review }).await?;
    world.favourites(reader).add_favourite(pb::AddFavouriteRequest { recipe_id: recipe.clone() }).await?;
    delete(&world, author, &recipe, "").await?;
    let count = "SELECT (SELECT count(*) FROM recipe_reviews) + (SELECT count(*) FROM review_helpful_votes)
        + (SELECT count(*) FROM favourite_recipes) + (SELECT count(*) FROM recipe_counter_changes)";
    let left: i64 = world.slice.schema.connect().await?.query_one(count, &[]).await?.get(0);
    assert_eq!(left, 0);
    Ok(())
}
