//! Participants: users' seats in challenges.

mod api;
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

use crate::challenges::reward::Reward;

/// A participant's status in a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CompletionStatus {
    /// Takes part.
    Active,
    /// Met the success criteria.
    Completed,
    /// Did not meet the success criteria.
    Failed,
    /// Left the challenge, and has no seat.
    Withdrawn,
}

/// A user's seat in a challenge.
#[derive(Debug, Clone)]
pub struct Participant {
    pub id: Uuid,
    pub challenge_id: Uuid,
    pub user_id: Uuid,
    pub completion_status: CompletionStatus,
    /// Sum of the daily scores.
    pub final_score: i32,
    /// When the user first joined.
    pub joined_at: DateTime<Utc>,
    /// From when on nothing of the seat changes any more, in a challenge without dates. It fixes the days of the seat.
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether the participant wants to be on the leaderboard.
    pub is_visible: bool,
    /// Whether the participant is on the leaderboard.
    pub on_board: bool,
    /// When the result became final.
    pub completion_date: Option<DateTime<Utc>>,
    /// Final rank among all who stayed.
    pub rank_position: Option<i32>,
    /// Rewards that the participant got.
    pub rewards_earned: Option<RewardsEarned>,
}

/// Rewards that a participant got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RewardsEarned {
    /// For completing the challenge.
    pub completion: Option<Reward>,
    /// For the rank.
    pub rank: Option<Reward>,
}

/// Why a call about a seat is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParticipantError {
    #[error("the caller does not take part in the challenge")]
    NotParticipating,
    /// The caller has completed the challenge, or failed.
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

impl Participant {
    /// Checks that the participant takes part.
    pub fn check_active(&self) -> Result<(), ParticipantError> {
        match self.completion_status {
            CompletionStatus::Active => Ok(()),
            CompletionStatus::Withdrawn => Err(ParticipantError::NotParticipating),
            CompletionStatus::Completed | CompletionStatus::Failed => Err(ParticipantError::Ended),
        }
    }
}
