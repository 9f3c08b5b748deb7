//! Requests that are sent again because their answer was lost.

use orchard_proto::DESCRIPTORS;
use orchard_proto::recipe::v1 as pb;
use orchard_testkit::repeats::{Case, findings};

use crate::world::{World, id, mask, public};

#[tokio::test]
async fn a_repetition_is_answered_as_the_first_request_was() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reader, other) = (id(), id(), id());
    let recipe = world.create(author, public()).await?;
    let review = world.review(other, &recipe.recipe_id, 2).await?;
    let user = |user| world.slice.user(user).expect("a client");
    let moderator = || world.slice.user_with(id(), &["moderator"]).expect("a client");
    let (recipe_id, note) = (|| recipe.recipe_id.clone(), || "Seen".to_owned());
    let review_id = || review.review_id.clone();
    let changed = pb::Recipe { recipe_name: "Crumble".to_owned(), ..recipe.clone() };
    let changed = pb::UpdateRecipeRequest { recipe: Some(changed), update_mask: mask(&["recipe_name"]) };
    let imported = pb::ImportRecipeRequest { document: crate::documents::MINIMAL.to_owned(), request_id: id().to_string() };
    let (rating, review_text, request_id) = (5, "Good".to_owned(), id().to_string());
    let reviewed = pb::CreateReviewRequest { recipe_id: recipe_id(), rating, review_text, request_id };
    let better = pb::Review { rating: 4, ..review.clone() };
    let better = pb::UpdateReviewRequest { review: Some(better), update_mask: mask(&["rating"]) };
    let reported =
        pb::ReportRecipeRequest { recipe_id: recipe_id(), reason: pb::ReportReason::Other.into(), note: "Odd".to_owned() };
    let cases = vec![
        Case::of("RecipeService/CreateRecipe", user(author), public()),
        Case::of("RecipeService/ImportRecipe", user(author), imported),
        Case::of("RecipeService/UpdateRecipe", user(author), changed),
        Case::of("ReviewService/CreateReview", user(reader), reviewed),
        Case::of("ReviewService/UpdateReview", user(other), better),
        Case::of("ReviewService/AddHelpfulVote", user(reader), pb::AddHelpfulVoteRequest { review_id: review_id() }),
        Case::of("ReviewService/RemoveHelpfulVote", user(reader), pb::RemoveHelpfulVoteRequest { review_id: review_id() }),
        Case::of("ReviewService/DeleteReview", user(other), pb::DeleteReviewRequest { recipe_id: recipe_id() }),
        Case::of("FavouriteService/AddFavourite", user(reader), pb::AddFavouriteRequest { recipe_id: recipe_id() }),
        Case::of("FavouriteService/RemoveFavourite", user(reader), pb::RemoveFavouriteRequest { recipe_id: recipe_id() }),
        Case::of(
            "ModerationService/FeatureRecipe",
            moderator(),
            pb::FeatureRecipeRequest { recipe_id: recipe_id(), note: note() },
        ),
        Case::of(
            "ModerationService/UnfeatureRecipe",
            moderator(),
            pb::UnfeatureRecipeRequest { recipe_id: recipe_id(), note: note() },
        ),
        Case::of("ModerationService/ReportRecipe", user(reader), reported),
        Case::of(
            "ModerationService/DismissReports",
            moderator(),
            pb::DismissReportsRequest { recipe_id: recipe_id(), note: note() },
        ),
        Case::of("ModerationService/HideRecipe", moderator(), pb::HideRecipeRequest { recipe_id: recipe_id(), note: note() }),
        Case::of(
            "ModerationService/RestoreRecipe",
            moderator(),
            pb::RestoreRecipeRequest { recipe_id: recipe_id(), note: note() },
        ),
    ];
    assert_eq!(findings(DESCRIPTORS, "orchard.recipe.v1", cases).await?, Vec::<String>::new());
    Ok(())
}
