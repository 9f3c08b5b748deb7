//! Authors and reviewers, as the social service shows them.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::social::v1::PrivacyLevel;

use crate::world::{World, id};

#[tokio::test]
async fn authors_and_reviewers_are_shown_to_those_who_may_see_their_profiles() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (open, closed, viewer) = (id(), id(), id());
    world.register(open, "Olive", PrivacyLevel::Public).await?;
    world.register(closed, "Clementine", PrivacyLevel::Private).await?;
    let recipes = [world.publish(open).await?, world.publish(closed).await?];
    let shown = [(open.to_string(), "Olive".to_owned()), (String::new(), String::new())];
    for (recipe, shown) in recipes.iter().zip(&shown) {
        let recipe = world.get(viewer, recipe).await?;
        assert_eq!((recipe.user_id, recipe.author_name), *shown);
    }
    let batch = pb::BatchGetRecipesRequest { recipe_ids: recipes.to_vec() };
    let batch = world.recipes(viewer).batch_get_recipes(batch).await?.into_inner();
    let authors: Vec<_> = batch.recipes.into_iter().map(|recipe| (recipe.user_id, recipe.author_name)).collect();
    assert_eq!(authors, shown);
    assert!(!batch.profiles_unavailable);

    world.review(open, &recipes[1], 4).await?;
    world.review(closed, &recipes[0], 4).await?;
    for (recipe, shown) in recipes.iter().rev().zip(&shown) {
        let reviews = world.list_reviews(viewer, recipe).await?;
        assert_eq!((&reviews[0].reviewer_user_id, &reviews[0].reviewer_name), (&shown.0, &shown.1));
    }
    // One's own is one's own.
    assert_eq!(world.get(closed, &recipes[1]).await?.user_id, closed.to_string());
    assert_eq!(world.list_reviews(closed, &recipes[0]).await?[0].reviewer_user_id, closed.to_string());
    Ok(())
}

#[tokio::test]
async fn a_profile_that_becomes_private_is_anonymous_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, viewer) = (id(), id());
    world.register(author, "Olive", PrivacyLevel::Public).await?;
    let recipe = world.publish(author).await?;
    assert_eq!(world.get(viewer, &recipe).await?.author_name, "Olive");
    let social = world.social.as_ref().expect("a social service");
    let request = orchard_proto::social::v1::UpdateProfileRequest {
        profile: Some(orchard_proto::social::v1::Profile { privacy_level: PrivacyLevel::Private.into(), ..Default::default() }),
        update_mask: crate::world::mask(&["privacy_level"]),
    };
    let mut profiles = orchard_proto::social::v1::profile_service_client::ProfileServiceClient::new(social.user(author)?);
    profiles.update_profile(request).await?;
    let seen = world.get(viewer, &recipe).await?;
    assert_eq!((seen.user_id.as_str(), seen.author_name.as_str()), ("", ""));
    Ok(())
}

#[tokio::test]
async fn without_the_social_service_others_are_anonymous_and_the_answer_says_so() -> anyhow::Result<()> {
    let world = World::without_social().await?;
    let (author, viewer) = (id(), id());
    let recipe_id = world.publish(author).await?;
    let get = pb::GetRecipeRequest { recipe_id: recipe_id.clone() };
    let answer = world.recipes(viewer).get_recipe(get.clone()).await?.into_inner();
    assert!(answer.profiles_unavailable);
    assert_eq!(answer.recipe.expect("a recipe").user_id, "");
    let batch = pb::BatchGetRecipesRequest { recipe_ids: vec![recipe_id.clone()] };
    assert!(world.recipes(viewer).batch_get_recipes(batch).await?.into_inner().profiles_unavailable);
    world.review(viewer, &recipe_id, 4).await?;
    let list = pb::ListReviewsRequest { recipe_id: recipe_id.clone(), ..Default::default() };
    let reviews = world.reviews(author).list_reviews(list).await?.into_inner();
    assert_eq!((reviews.profiles_unavailable, reviews.reviews[0].reviewer_user_id.as_str()), (true, ""));
    world.favourites(viewer).add_favourite(pb::AddFavouriteRequest { recipe_id }).await?;
    let favourites = world.favourites(viewer).list_favourites(pb::ListFavouritesRequest::default()).await?.into_inner();
    assert!(favourites.profiles_unavailable && favourites.favourites[0].is_available);

    // Nobody else is asked about.
    let own = world.recipes(author).get_recipe(get).await?.into_inner();
    assert!(!own.profiles_unavailable);
    assert_eq!(own.recipe.expect("a recipe").user_id, author.to_string());
    Ok(())
}
