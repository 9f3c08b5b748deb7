//! A private or hidden recipe looks like one that does not exist, whatever is done with it.

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::refused;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, crumble, id, mask};

/// Calls every method that takes a recipe, and returns the answers that others than its author get.
async fn all_answers(world: &World, user: Uuid, recipe: &str) -> Vec<(&'static str, Result<(), Status>)> {
    let recipe_id = recipe.to_owned();
    let changed = pb::Recipe { recipe_id: recipe_id.clone(), servings: 9, ..Default::default() };
    let update = pb::UpdateRecipeRequest { recipe: Some(changed), update_mask: mask(&["servings"]) };
    let review = pb::Review { recipe_id: recipe_id.clone(), rating: 1, ..Default::default() };
    let update_review = pb::UpdateReviewRequest { review: Some(review), update_mask: mask(&["rating"]) };
    let list = pb::ListReviewsRequest { recipe_id: recipe_id.clone(), ..Default::default() };
    let report =
        pb::ReportRecipeRequest { recipe_id: recipe_id.clone(), reason: pb::ReportReason::Spam.into(), note: String::new() };
    let get = pb::GetRecipeRequest { recipe_id: recipe_id.clone() };
    let delete = pb::DeleteRecipeRequest { recipe_id: recipe_id.clone(), etag: String::new() };
    vec![
        ("get", world.recipes(user).get_recipe(get).await.map(drop)),
        ("update", world.recipes(user).update_recipe(update).await.map(drop)),
        ("review", world.review(user, recipe, 5).await.map(drop)),
        ("update review", world.reviews(user).update_review(update_review).await.map(drop)),
        ("list reviews", world.reviews(user).list_reviews(list).await.map(drop)),
        ("favourite", world.favourites(user).add_favourite(pb::AddFavouriteRequest { recipe_id }).await.map(drop)),
        ("report", world.moderation(user, &[]).report_recipe(report).await.map(drop)),
        ("delete", world.recipes(user).delete_recipe(delete).await.map(drop)),
    ]
}

#[tokio::test]
async fn a_private_or_hidden_recipe_is_not_found() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, stranger, moderator) = (id(), id(), id());
    let private = world.create(author, crumble()).await?.recipe_id;
    let hidden = world.publish(author).await?;
    // It was seen, reviewed and kept before.
    let reader = id();
    world.review(reader, &hidden, 5).await?;
    world.hide(moderator, &hidden).await?;
    let mut messages = Vec::new();
    for recipe in [&private, &hidden, &id().to_string()] {
        for user in [stranger, reader] {
            let answers = all_answers(&world, user, recipe).await;
            for (method, answer) in &answers {
                assert_eq!(refused(answer.clone()), (Code::NotFound, "RECIPE_NOT_FOUND".to_owned()), "{method}");
            }
            messages.push(
                answers.into_iter().map(|(_, answer)| answer.expect_err("refused").message().to_owned()).collect::<Vec<_>>(),
            );
        }
        // A moderator sees it in the queue, not as a reader.
        let client = world.slice.user_with(id(), &["moderator", "operator"])?;
        let request = pb::GetRecipeRequest { recipe_id: recipe.clone() };
        let answer = orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient::new(client).get_recipe(request).await;
        assert_eq!(refused(answer), (Code::NotFound, "RECIPE_NOT_FOUND".to_owned()));
    }
    assert!(messages.iter().all(|said| *said == messages[0]), "all alike: {messages:?}");
    Ok(())
}

#[tokio::test]
async fn the_author_always_sees_their_own() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, moderator) = (id(), id());
    let recipe = world.publish(author).await?;
    assert_eq!(world.get(author, &recipe).await?.hide_time, None);
    let hidden = world.hide(moderator, &recipe).await?;
    let seen = world.get(author, &recipe).await?;
    assert!(seen.hide_time.is_some() && seen.hide_time == hidden.hide_time, "and that it is hidden");
    let larger = pb::Recipe { servings: 9, ..seen };
    assert_eq!(world.update(author, larger, &["servings"]).await?.servings, 9);
    assert!(world.get(id(), &recipe).await.is_err(), "a change does not show it again");
    assert_eq!(world.list_reviews(author, &recipe).await?, []);
    let request = pb::DeleteRecipeRequest { recipe_id: recipe.clone(), etag: String::new() };
    world.recipes(author).delete_recipe(request).await?;
    Ok(())
}

#[tokio::test]
async fn votes_for_reviews_of_invisible_recipes_are_not_found() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reader, voter) = (id(), id(), id());
    let recipe = world.publish(author).await?;
    let review_id = world.review(reader, &recipe, 5).await?.review_id;
    world.set_public(author, &recipe, false).await?;
    let not_found = (Code::NotFound, "REVIEW_NOT_FOUND".to_owned());
    for review_id in [review_id.clone(), id().to_string()] {
        let add = pb::AddHelpfulVoteRequest { review_id: review_id.clone() };
        assert_eq!(refused(world.reviews(voter).add_helpful_vote(add).await), not_found);
        let remove = pb::RemoveHelpfulVoteRequest { review_id };
        assert_eq!(refused(world.reviews(voter).remove_helpful_vote(remove).await), not_found);
    }
    // The reviewer still has what is theirs, and may take it back.
    let own = pb::GetReviewRequest { recipe_id: recipe.clone() };
    let review = world.reviews(reader).get_review(own.clone()).await?.into_inner().review.expect("a review");
    assert_eq!(review.review_id, review_id);
    world.reviews(reader).delete_review(pb::DeleteReviewRequest { recipe_id: recipe.clone() }).await?;
    assert_eq!(refused(world.reviews(reader).get_review(own).await), not_found);
    assert_eq!(world.get(author, &recipe).await?.rating, Some(pb::RatingSummary::default()));
    Ok(())
}
