//! Seats in challenges, and who has them.

mod api;
mod joining;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::challenges::challenge::Reward;

pub use api::Api;
pub(crate) use joining::{Target, join};

/// How far a participant got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CompletionStatus {
    /// Takes part.
    Active,
    /// Met the criteria.
    Completed,
    /// Did not.
    Failed,
    /// Left.
    Withdrawn,
}

/// A user's seat in a challenge.
#[derive(Debug, Clone)]
pub struct Participant {
    /// Its id.
    pub id: Uuid,
    /// The challenge.
    pub challenge_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// How far they got.
    pub completion_status: CompletionStatus,
    /// Sum of the daily scores.
    pub final_score: i32,
    /// When they joined.
    pub joined_at: DateTime<Utc>,
    /// Whether they want to be on the leaderboard.
    pub is_visible: bool,
    /// Whether they are.
    pub on_board: bool,
    /// When what became of them was final.
    pub completion_date: Option<DateTime<Utc>>,
    /// Among all who stayed.
    pub rank_position: Option<i32>,
    /// What they were given.
    pub rewards_earned: Option<RewardsEarned>,
}

/// What a participant was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RewardsEarned {
    /// For completing the challenge.
    pub completion: Option<Reward>,
    /// For their rank.
    pub rank: Option<Reward>,
}

/// Why a seat stays as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParticipantError {
    /// The caller has no seat.
    #[error("the caller does not take part in the challenge")]
    NotParticipating,
    /// They have completed the challenge, or failed.
    #[error("the challenge is over for the caller")]
    Ended,
}

impl Rule for ParticipantError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotParticipating => refuse(Code::NotFound, ErrorReason::NotParticipating),
            Self::Ended => refuse(Code::FailedPrecondition, ErrorReason::ParticipationEnded),
        }
    }
}
