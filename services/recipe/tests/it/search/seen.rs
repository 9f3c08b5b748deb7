//! Only what everyone may see is found, as it is now.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::SearchSort::{Featured, Newest, Rating, Relevance};
use orchard_proto::social::v1 as social;
use orchard_proto::social::v1::PrivacyLevel;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use pb::DecisionKind::{Feature, Hide, Restore};
use tonic::Status;

use super::{named, text};
use crate::world::{World, id};

/// Returns the names that are found by a word of the name, of the foods, and without a text, in every order.
async fn found(world: &World) -> Result<Vec<Vec<String>>, Status> {
    let mut all = Vec::new();
    for sort in [Relevance, Newest, Rating, Featured] {
        for asked in ["quince", "durian", ""] {
            all.push(world.found(pb::SearchRecipesRequest { sort: sort.into(), ..text(asked) }).await?);
        }
    }
    Ok(all)
}

fn is_in(found: &[Vec<String>], name: &str) -> Vec<bool> {
    found.iter().map(|names| names.iter().any(|found| found == name)).collect()
}

#[tokio::test]
async fn private_hidden_and_deleted_recipes_are_never_found() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, moderator) = (id(), id());
    let private = pb::CreateRecipeRequest { is_public: Some(false), ..named("Private Quince") };
    let private = world.create(author, private).await?.recipe_id;
    let public = world.create(author, named("Quince Paste")).await?.recipe_id;
    world.decide(moderator, &public, Feature).await?;
    let everywhere = vec![true; 12];
    let nowhere = vec![false; 12];
    assert_eq!(is_in(&found(&world).await?, "Quince Paste"), everywhere);
    assert_eq!(is_in(&found(&world).await?, "Private Quince"), nowhere);
    // Not by the author either: search is for what everyone sees.
    let own = world.searches(author).search_recipes(text("quince")).await?.into_inner();
    assert_eq!(super::names_of(&own), ["Quince Paste"]);

    world.decide(moderator, &public, Hide).await?;
    assert_eq!(is_in(&found(&world).await?, "Quince Paste"), nowhere);
    let client = world.slice.schema.connect().await?;
    let rows = "SELECT count(*) FROM recipe_search FULL JOIN recipe_search_names USING (recipe_id)";
    assert_eq!(client.query_one(rows, &[]).await?.get::<_, i64>(0), 0);
    world.decide(moderator, &public, Restore).await?;
    world.decide(moderator, &public, Feature).await?;
    assert_eq!(is_in(&found(&world).await?, "Quince Paste"), everywhere);
    world.set_public(author, &public, false).await?;
    assert_eq!(is_in(&found(&world).await?, "Quince Paste"), nowhere);
    world.set_public(author, &public, true).await?;
    world.set_public(author, &private, true).await?;
    assert_eq!(world.found(text("quince")).await?.len(), 2);
    world.recipes(author).delete_recipe(pb::DeleteRecipeRequest { recipe_id: public, etag: String::new() }).await?;
    assert_eq!(world.found(text("quince")).await?, ["Private Quince"]);
    world.erase(author).await?;
    assert!(found(&world).await?.iter().all(Vec::is_empty));
    assert_eq!(world.tables_with(&author.to_string()).await?.iter().filter(|table| table.contains("search")).count(), 0);
    Ok(())
}

#[tokio::test]
async fn a_changed_recipe_is_found_by_its_new_words_only() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let request = pb::CreateRecipeRequest {
        description: "Sour medlars".to_owned(),
        tags: vec!["winter".to_owned()],
        ..named("Quince Paste")
    };
    let recipe = world.create(author, request).await?;
    let changed = pb::Recipe {
        recipe_name: "Loquat Paste".to_owned(),
        description: "Sweet".to_owned(),
        tags: vec!["summer".to_owned()],
        ingredients: vec![pb::Ingredient { food: "guava".to_owned(), ..Default::default() }],
        prep_time_minutes: Some(5),
        ..recipe
    };
    world.update(author, changed, &["recipe_name", "description", "tags", "ingredients", "prep_time_minutes"]).await?;
    for asked in ["loquat", "sweet", "summer", "guava", "paste"] {
        assert_eq!(world.found(text(asked)).await?, ["Loquat Paste"], "{asked}");
    }
    for asked in ["quince", "medlar", "winter", "durian"] {
        assert_eq!(world.found(text(asked)).await?, Vec::<String>::new(), "{asked}");
    }
    let quick = pb::SearchRecipesRequest { max_prep_time_minutes: Some(5), ..text("") };
    assert_eq!(world.found(quick).await?, ["Loquat Paste"]);
    Ok(())
}

#[tokio::test]
async fn recipes_of_authors_who_do_not_share_are_left_out_if_asked() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (open, silent, hidden) = (id(), id(), id());
    let social = world.social.as_ref().expect("a social service");
    for (author, name, level, shares) in [
        (open, "Quince Paste", PrivacyLevel::Public, true),
        (silent, "Quince Jam", PrivacyLevel::Public, false),
        (hidden, "Quince Pie", PrivacyLevel::Private, false),
    ] {
        world.register(author, name, level).await?;
        let request = social::UpdateProfileRequest {
            profile: Some(social::Profile { social_sharing_enabled: Some(shares), ..Default::default() }),
            update_mask: crate::world::mask(&["social_sharing_enabled"]),
        };
        ProfileServiceClient::new(social.user(author)?).update_profile(request).await?;
        world.create(author, named(name)).await?;
    }
    world.create(id(), named("Quince Cake")).await?;
    let newest = |sharing_only| pb::SearchRecipesRequest { sharing_only, sort: Newest.into(), ..text("quince") };
    assert_eq!(world.found(newest(false)).await?, ["Quince Cake", "Quince Pie", "Quince Jam", "Quince Paste"]);
    assert_eq!(world.found(newest(true)).await?, ["Quince Cake", "Quince Paste"], "sharing is the default");
    // Pages go on behind what is left out.
    assert_eq!(world.found(pb::SearchRecipesRequest { page_size: 1, ..newest(true) }).await?, ["Quince Cake", "Quince Paste"]);
    let own = world.searches(silent).search_recipes(newest(true)).await?.into_inner();
    assert_eq!(super::names_of(&own), ["Quince Cake", "Quince Jam", "Quince Paste"], "one's own are shown to oneself");
    Ok(())
}

#[tokio::test]
async fn authors_are_anonymous_without_the_social_service() -> anyhow::Result<()> {
    let world = World::without_social().await?;
    world.create(id(), named("Quince Paste")).await?;
    let answer = world.search(text("quince")).await?;
    assert!(answer.profiles_unavailable);
    assert_eq!(answer.results[0].recipe.as_ref().expect("a recipe").user_id, "");
    let sharing = world.search(pb::SearchRecipesRequest { sharing_only: true, ..text("quince") }).await?;
    assert!(sharing.profiles_unavailable && sharing.results.is_empty(), "who shares is not guessed");
    let by = pb::SearchRecipesRequest { author_user_id: id().to_string(), ..text("quince") };
    let answer = world.search(by).await?;
    assert!(answer.profiles_unavailable && answer.results.is_empty());
    Ok(())
}
