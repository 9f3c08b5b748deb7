//! Reviews of recipes, and votes for those that are helpful.

mod api;
mod store;
mod wire;
mod writing;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::recipe::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use tonic::Code;
use uuid::Uuid;

/// Why a call about a review is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// There is no such review, or the caller may not see its recipe.
    #[error("no such review")]
    NotFound,
    #[error("the caller has reviewed the recipe before")]
    AlreadyReviewed,
    /// The caller wrote it, so others must judge it.
    #[error("the review is the caller's own")]
    Own,
}

impl Rule for ReviewError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::ReviewNotFound),
            Self::AlreadyReviewed => refuse(Code::AlreadyExists, ErrorReason::AlreadyReviewed),
            Self::Own => refuse(Code::FailedPrecondition, ErrorReason::OwnReview),
        }
    }
}

/// A review.
#[derive(Debug, Clone)]
pub struct Review {
    pub id: Uuid,
    pub recipe_id: Uuid,
    /// A pseudonym if the reviewer was erased.
    pub reviewer_id: Uuid,
    /// What the reviewer wrote.
    pub opinion: Opinion,
    /// The number of users who find it helpful.
    pub helpful_votes: i32,
    pub created_at: DateTime<Utc>,
    /// When anything of it last changed.
    pub updated_at: DateTime<Utc>,
    /// When the reviewer last changed it.
    pub edited_at: DateTime<Utc>,
}

/// What a reviewer writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// From 1 (worst) to 5 (best).
    pub rating: i32,
    pub review_text: Option<String>,
}

/// New values of an opinion's fields; `None` for those that stay.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub rating: Option<i32>,
    pub review_text: Option<Option<String>>,
}

impl Opinion {
    /// Returns the opinion with the new values.
    pub fn patched(self, patch: Patch) -> Self {
        Self { rating: patch.rating.unwrap_or(self.rating), review_text: patch.review_text.unwrap_or(self.review_text) }
    }
}

/// A review as a viewer sees it.
#[derive(Debug, Clone)]
pub struct ReviewView {
    pub review: Review,
    /// Whether the viewer finds it helpful.
    pub is_voted: bool,
}

/// The order of a list of reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Helpful,
    Newest,
}

/// The position of a review in a list.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Position {
    Helpful(i32, Uuid),
    Newest(DateTime<Utc>, Uuid),
}

impl Position {
    /// Returns the position of a review in a list of this order.
    pub fn of(review: &Review, order: Order) -> Self {
        match order {
            Order::Helpful => Self::Helpful(review.helpful_votes, review.id),
            Order::Newest => Self::Newest(review.created_at, review.id),
        }
    }
}
