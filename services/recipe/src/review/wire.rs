//! Conversions of reviews from and to protobuf.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, PageRequest, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Opinion, Order, Patch, Position, ReviewView};
use crate::error::Error;
use crate::people::Profiles;

const PATHS: [&str; 2] = ["rating", "review_text"];

/// Reads a review to create, and its recipe.
pub(super) fn new_review(request: &pb::CreateReviewRequest, caller: Uuid) -> Result<(Key, Uuid, Opinion), Error> {
    let mut fields = Fields::default();
    let recipe = fields.read("recipe_id", read::uuid(&request.recipe_id));
    let rating = fields.read("rating", read::within(request.rating, 1..=5));
    let review_text = fields.read("review_text", read_text(&request.review_text));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let key = Key::new(caller, "CreateReview", request_id?, Keep::Days30, request);
        Ok((key, recipe?, Opinion { rating: rating?, review_text: review_text? }))
    })?)
}

/// Reads a change: the recipe, and the new values of the caller's review.
pub(super) fn update(request: pb::UpdateReviewRequest) -> Result<(Uuid, Patch), Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let review = fields.read("review", read::required(request.review));
    let mask = paths.as_deref().unwrap_or_default();
    let read = review.map(|review| {
        fields.within("review", |fields| {
            let recipe = fields.read("recipe_id", read::uuid(&review.recipe_id));
            let rating = fields.masked(mask, "rating", || read::within(review.rating, 1..=5));
            let review_text = fields.masked(mask, "review_text", || read_text(&review.review_text));
            Ok((recipe?, Patch { rating: rating?, review_text: review_text? }))
        })
    });
    Ok(fields.finish(|| {
        paths?;
        read?
    })?)
}

fn read_text(text: &str) -> Result<Option<String>, String> {
    Ok(Some(read::long_text(text, 0..=2_000)?).filter(|text| !text.is_empty()))
}

pub(super) fn list(request: &pb::ListReviewsRequest, viewer: Uuid) -> Result<(Uuid, Order, PageRequest<Position>), Error> {
    let mut fields = Fields::default();
    let recipe = fields.read("recipe_id", read::uuid(&request.recipe_id));
    let order = fields.read("order", read_order(request.order));
    let query = format!("ListReviews {viewer} {} {:?}", request.recipe_id, order.ok());
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((recipe?, order?, page?)))?)
}

fn read_order(order: i32) -> Result<Order, String> {
    match pb::ReviewOrder::try_from(order) {
        Ok(pb::ReviewOrder::Unspecified | pb::ReviewOrder::Helpful) => Ok(Order::Helpful),
        Ok(pb::ReviewOrder::Newest) => Ok(Order::Newest),
        Err(_) => Err(format!("has no value {order}")),
    }
}

/// Converts a review for the viewer of the profiles.
pub(super) fn review(view: ReviewView, profiles: &Profiles) -> pb::Review {
    let ReviewView { review, is_voted } = view;
    let reviewer = profiles.person(review.reviewer_id);
    pb::Review {
        review_id: review.id.to_string(),
        recipe_id: review.recipe_id.to_string(),
        reviewer_user_id: reviewer.user_id,
        reviewer_name: reviewer.name,
        rating: review.opinion.rating,
        review_text: review.opinion.review_text.unwrap_or_default(),
        helpful_votes: review.helpful_votes,
        is_voted_by_caller: is_voted,
        create_time: Some(timestamp_to_wire(review.created_at)),
        update_time: Some(timestamp_to_wire(review.updated_at)),
        edit_time: Some(timestamp_to_wire(review.edited_at)),
    }
}
