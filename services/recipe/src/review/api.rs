//! Use cases of `ReviewService`.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::review_service_server::ReviewService;
use orchard_rpc::{Answer, PageRequest};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Order, Position, Review, ReviewError, ReviewView, store, wire, writing};
use crate::error::Error;
use crate::people::Profiles;
use crate::recipe::{RecipeError, store as recipes};
use crate::{Api, request};

impl Api {
    async fn own_review(&self, recipe: Uuid, reviewer: Uuid) -> Result<Review, Error> {
        let found = store::find_own(&*self.db.read().await?, recipe, reviewer).await?;
        Ok(found.ok_or(ReviewError::NotFound)?)
    }

    async fn list_reviews_of(
        &self,
        (recipe, viewer): (Uuid, Uuid),
        order: Order,
        page: &PageRequest<Position>,
    ) -> Result<Vec<ReviewView>, Error> {
        let connection = self.db.read().await?;
        if !recipes::is_visible(&connection, recipe, viewer).await? {
            return Err(RecipeError::NotFound.into());
        }
        Ok(store::list(&connection, (recipe, viewer), order, page).await?)
    }
}

/// Converts a review for its reviewer, who cannot vote for it.
fn own(review: Review) -> Option<pb::Review> {
    let profiles = Profiles::only(review.reviewer_id);
    Some(wire::review(ReviewView { review, is_voted: false }, &profiles))
}

#[tonic::async_trait]
impl ReviewService for Api {
    async fn create_review(&self, request: Request<pb::CreateReviewRequest>) -> Answer<pb::CreateReviewResponse> {
        let reviewer = Caller::user(&request)?.id;
        let (key, recipe, opinion) = wire::new_review(request.get_ref(), reviewer)?;
        let review = writing::create(&self.db, key, recipe, reviewer, opinion).await?;
        Ok(Response::new(pb::CreateReviewResponse { review: own(review) }))
    }

    async fn get_review(&self, request: Request<pb::GetReviewRequest>) -> Answer<pb::GetReviewResponse> {
        let reviewer = Caller::user(&request)?.id;
        let recipe = request::id("recipe_id", &request.get_ref().recipe_id)?;
        let review = self.own_review(recipe, reviewer).await?;
        Ok(Response::new(pb::GetReviewResponse { review: own(review) }))
    }

    async fn update_review(&self, request: Request<pb::UpdateReviewRequest>) -> Answer<pb::UpdateReviewResponse> {
        let reviewer = Caller::user(&request)?.id;
        let (recipe, patch) = wire::update(request.into_inner())?;
        let review = writing::update(&self.db, recipe, reviewer, patch).await?;
        Ok(Response::new(pb::UpdateReviewResponse { review: own(review) }))
    }

    async fn delete_review(&self, request: Request<pb::DeleteReviewRequest>) -> Answer<pb::DeleteReviewResponse> {
        let reviewer = Caller::user(&request)?.id;
        let recipe = request::id("recipe_id", &request.get_ref().recipe_id)?;
        writing::delete(&self.db, recipe, reviewer).await?;
        Ok(Response::new(pb::DeleteReviewResponse {}))
    }

    async fn list_reviews(&self, request: Request<pb::ListReviewsRequest>) -> Answer<pb::ListReviewsResponse> {
        let viewer = Caller::user(&request)?;
        let (recipe, order, page) = wire::list(request.get_ref(), viewer.id)?;
        let rows = self.list_reviews_of((recipe, viewer.id), order, &page).await?;
        let page = page.page(rows, |view| Position::of(&view.review, order));
        let reviewers = page.rows.iter().map(|view| view.review.reviewer_id).collect();
        let reviewers = Profiles::of(&self.social, &viewer, reviewers).await;
        Ok(Response::new(pb::ListReviewsResponse {
            reviews: page.rows.into_iter().map(|view| wire::review(view, &reviewers)).collect(),
            next_page_token: page.next_page_token,
            profiles_unavailable: reviewers.is_unavailable,
        }))
    }

    async fn add_helpful_vote(&self, request: Request<pb::AddHelpfulVoteRequest>) -> Answer<pb::AddHelpfulVoteResponse> {
        let voter = Caller::user(&request)?.id;
        let review = request::id("review_id", &request.get_ref().review_id)?;
        let helpful_votes = writing::vote(&self.db, review, voter, true).await?;
        Ok(Response::new(pb::AddHelpfulVoteResponse { helpful_votes }))
    }

    async fn remove_helpful_vote(&self, request: Request<pb::RemoveHelpfulVoteRequest>) -> Answer<pb::RemoveHelpfulVoteResponse> {
        let voter = Caller::user(&request)?.id;
        let review = request::id("review_id", &request.get_ref().review_id)?;
        let helpful_votes = writing::vote(&self.db, review, voter, false).await?;
        Ok(Response::new(pb::RemoveHelpfulVoteResponse { helpful_votes }))
    }
}
