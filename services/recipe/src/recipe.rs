//! Recipes.

mod api;
mod content;
mod counts;
mod document;
mod editing;
mod fruit;
mod nutrition;
mod scaling;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::recipe::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

pub use content::{Content, Heading, NutritionEstimate, NutritionalInfo, Patch};
pub use counts::Counts;

/// Why a call about a recipe is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// There is no such recipe, or the caller may not see it.
    #[error("no such recipe")]
    NotFound,
    /// Another user wrote it.
    #[error("the caller is not the author of the recipe")]
    NotAuthor,
    /// The author has changed it since the caller read it.
    #[error("the recipe was changed; read it again")]
    Changed,
    /// It would be public.
    #[error("a public recipe needs a fruit among its ingredients")]
    NoFruit,
    /// It would be public.
    #[error("a child may not publish a recipe")]
    Child,
    /// The caller wrote it, so others must judge it.
    #[error("the recipe is the caller's own")]
    Own,
    /// The recipe cannot be made so large or so small.
    #[error("a scaled quantity would be beyond the limits of quantities")]
    ScaleOutOfRange,
}

impl Rule for RecipeError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::RecipeNotFound),
            Self::NotAuthor => refuse(Code::PermissionDenied, ErrorReason::NotAuthor),
            Self::Changed => refuse(Code::Aborted, ErrorReason::RecipeChanged),
            Self::NoFruit => refuse(Code::FailedPrecondition, ErrorReason::FruitRequired),
            Self::Child => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
            Self::Own => refuse(Code::FailedPrecondition, ErrorReason::OwnRecipe),
            Self::ScaleOutOfRange => refuse(Code::FailedPrecondition, ErrorReason::ScaleOutOfRange),
        }
    }
}

/// A recipe.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub facts: Facts,
    /// What the author wrote.
    pub content: Content,
}

/// A recipe in a list.
#[derive(Debug, Clone)]
pub struct Summary {
    pub facts: Facts,
    /// The part of the content that lists show.
    pub heading: Heading,
}

/// What is known of a recipe besides its content.
#[derive(Debug, Clone)]
pub struct Facts {
    pub id: Uuid,
    /// The author.
    pub user_id: Uuid,
    /// Grows with each change by the author.
    pub version: i64,
    /// Ratings and favourites.
    pub counts: Counts,
    /// When moderators featured it.
    pub featured_at: Option<DateTime<Utc>>,
    /// When moderators hid it.
    pub hidden_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// When anything of it last changed.
    pub updated_at: DateTime<Utc>,
    /// When the author last changed it.
    pub edited_at: DateTime<Utc>,
}

/// The position of a recipe in lists that have the newest first: when it was created, and its id.
pub(crate) type NewestFirst = (DateTime<Utc>, Uuid);

impl Summary {
    fn position(&self) -> NewestFirst {
        (self.facts.created_at, self.facts.id)
    }
}
