//! The page of a recipe: the recipe and what belongs to it, then its author.

use futures::{FutureExt as _, join, try_join};
use orchard_proto::edge::v1 as pb;
use orchard_proto::recipe::v1::favourite_service_client::FavouriteServiceClient;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_proto::recipe::v1::review_service_client::ReviewServiceClient;
use orchard_proto::recipe::v1::{
    BatchGetFavouritesRequest, GetRecipeNutritionRequest, GetRecipeRequest, GetRecipeResponse, GetReviewRequest,
    ListReviewsRequest, ReviewOrder,
};
use tonic::Status;

use crate::section::{PAGE_SIZE, Section};
use crate::upstream::unavailable;
use crate::view::View;

/// Composes the page of a recipe.
pub(crate) async fn recipe_page(view: &View<'_>, recipe_id: String) -> Result<pb::RecipePage, Status> {
    let request = GetRecipeRequest { recipe_id: recipe_id.clone() };
    let recipe = &view.upstreams.recipe;
    let (heart, nutrition, reviews, own) = try_join!(
        view.heart(recipe, async |channel| RecipeServiceClient::new(channel).get_recipe(request).await),
        nutrition(view, &recipe_id).map(Ok),
        reviews(view, &recipe_id).map(Ok),
        own_opinion(view, &recipe_id).map(Ok),
    )?;
    let GetRecipeResponse { recipe: heart, profiles_unavailable } = heart;
    let heart = heart.ok_or_else(|| unavailable(recipe.name()))?;
    let author = author(view, &heart.user_id, profiles_unavailable).await;
    Ok(pb::RecipePage {
        recipe: Some(heart),
        author: Some(author),
        nutrition: Some(nutrition),
        reviews: Some(reviews),
        own: Some(own),
    })
}

/// Returns the author. The recipe slice leaves out the author's id if the caller may not see the author, or if it could not ask.
async fn author(view: &View<'_>, user_id: &str, profiles_unavailable: bool) -> pb::ProfileSection {
    let section = match (user_id, profiles_unavailable) {
        ("", true) => Section::Unavailable,
        ("", false) => Section::Denied,
        (user_id, _) => view.profile(user_id).await,
    };
    section.into()
}

async fn nutrition(view: &View<'_>, recipe_id: &str) -> pb::NutritionSection {
    let request = GetRecipeNutritionRequest { recipe_id: recipe_id.to_owned() };
    let call = async |channel| RecipeServiceClient::new(channel).get_recipe_nutrition(request).await;
    let (nutrition, status) = view.section(&view.upstreams.recipe, call).await.parts();
    pb::NutritionSection { status, nutrition }
}

async fn reviews(view: &View<'_>, recipe_id: &str) -> pb::ReviewsSection {
    let request = ListReviewsRequest {
        recipe_id: recipe_id.to_owned(),
        order: ReviewOrder::Helpful.into(),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let call = async |channel| ReviewServiceClient::new(channel).list_reviews(request).await;
    let (answer, status) = view.section(&view.upstreams.recipe, call).await.parts_or_default();
    pb::ReviewsSection { status, reviews: answer.reviews, reviewers_unavailable: answer.profiles_unavailable }
}

async fn own_opinion(view: &View<'_>, recipe_id: &str) -> pb::OwnOpinionSection {
    let recipe = &view.upstreams.recipe;
    let favourites = BatchGetFavouritesRequest { recipe_ids: vec![recipe_id.to_owned()] };
    let review = GetReviewRequest { recipe_id: recipe_id.to_owned() };
    let (favourites, review) = join!(
        view.section(recipe, async |channel| FavouriteServiceClient::new(channel).batch_get_favourites(favourites).await),
        view.optional(recipe, &["REVIEW_NOT_FOUND"], async |channel| {
            ReviewServiceClient::new(channel).get_review(review).await
        }),
    );
    let (both, status) = favourites.and(review).parts();
    let (favourites, review) = both.unzip();
    pb::OwnOpinionSection {
        status,
        is_favourite: favourites.map(|favourites| !favourites.recipe_ids.is_empty()),
        review: review.flatten().and_then(|answer| answer.review),
    }
}
