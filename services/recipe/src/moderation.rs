//! Reports of recipes, and what moderators decide about recipes.

mod api;
mod deciding;
mod reporting;
mod store;
mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::recipe::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::recipe::Summary;

/// Why a call about reports is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModerationError {
    #[error("the caller has reported the recipe before")]
    AlreadyReported,
}

impl Rule for ModerationError {
    fn refusal(&self) -> Refusal {
        let Self::AlreadyReported = self;
        Refusal::new(Code::AlreadyExists, ErrorReason::AlreadyReported, self)
    }
}

/// Why a user reports a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReportReason {
    Spam,
    Offensive,
    Dangerous,
    Copied,
    Other,
}

/// What a user says when they report a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub reason: ReportReason,
    pub note: Option<String>,
}

/// A report of a recipe.
#[derive(Debug, Clone)]
pub struct Report {
    pub id: Uuid,
    pub complaint: Complaint,
    pub created_at: DateTime<Utc>,
    /// Whether moderators have not decided yet.
    pub is_open: bool,
}

impl Report {
    fn position(&self) -> Position {
        (self.created_at, self.id)
    }
}

/// A recipe with open reports.
#[derive(Debug, Clone)]
pub struct ReportedRecipe {
    pub recipe: Summary,
    pub open_reports: i32,
    /// When the oldest open report was made.
    pub reported_at: DateTime<Utc>,
}

impl ReportedRecipe {
    fn position(&self) -> Position {
        (self.reported_at, self.recipe.facts.id)
    }
}

/// What moderators decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DecisionKind {
    Hide,
    Restore,
    Dismiss,
    Feature,
    Unfeature,
}

/// A decision about a recipe.
#[derive(Debug, Clone)]
pub struct Decision {
    pub id: Uuid,
    pub recipe_id: Uuid,
    /// A pseudonym if the moderator was erased.
    pub moderator_id: Uuid,
    pub kind: DecisionKind,
    pub note: Option<String>,
    pub closed_reports: i32,
    pub created_at: DateTime<Utc>,
}

impl Decision {
    fn position(&self) -> Position {
        (self.created_at, self.id)
    }
}

/// The position of a row in a list that is ordered by time: the time, and the id.
type Position = (DateTime<Utc>, Uuid);
