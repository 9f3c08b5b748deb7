//! Progress: what participants do, day by day, and what it scores.

mod api;
mod batch;
mod list;
mod store;
mod window;
mod wire;
mod write;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tonic::Code;
use uuid::Uuid;

pub use api::Api;
pub(crate) use window::LATE_DAYS;

use crate::challenges::challenge::Scoring;
use crate::challenges::fruit;
use crate::challenges::participant::{CompletionStatus, Participant};
use crate::clock::date_in;

/// Why a day is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgressError {
    /// The caller has no seat, or has left it.
    #[error("the caller does not take part in the challenge")]
    NotParticipating,
    /// What became of the caller is final.
    #[error("the challenge is over for the caller")]
    Ended,
    /// The challenge was deactivated.
    #[error("the challenge is not active")]
    Inactive,
    /// The day is not one of those that can be recorded now.
    #[error("the day cannot be recorded")]
    DateNotOpen {
        /// The first and last that can, if any can.
        open: Option<(NaiveDate, NaiveDate)>,
    },
    /// Nothing was recorded for the day.
    #[error("nothing was recorded for the day")]
    NothingRecorded,
}

impl Rule for ProgressError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotParticipating => refuse(Code::NotFound, ErrorReason::NotParticipating),
            Self::Ended => refuse(Code::FailedPrecondition, ErrorReason::ParticipationEnded),
            Self::Inactive => refuse(Code::FailedPrecondition, ErrorReason::ChallengeInactive),
            Self::DateNotOpen { open: None } => refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen),
            Self::DateNotOpen { open: Some((first, last)) } => {
                refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen).with("first_date", first).with("last_date", last)
            }
            Self::NothingRecorded => refuse(Code::NotFound, ErrorReason::ProgressNotFound),
        }
    }
}

/// Servings of a fruit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FruitServings {
    /// Its name.
    pub fruit: String,
    /// How many.
    pub servings: i32,
}

/// What was done on a day. No fruit is in it twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProgressData {
    /// What was eaten.
    pub fruits: Vec<FruitServings>,
    /// Units of a goal.
    pub amount: i32,
}

/// The fruits of a day as it is kept. What a newer release keeps is not known here.
pub(crate) fn fruits(kept: &Value) -> Vec<String> {
    let data: ProgressData = serde_json::from_value(kept.clone()).unwrap_or_default();
    data.fruits.into_iter().map(|eaten| eaten.fruit).collect()
}

/// What is to be kept of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDay {
    /// What was done.
    pub data: ProgressData,
    /// The participant's own words.
    pub notes: Option<String>,
    /// Whether a device says so.
    pub auto_generated: bool,
}

/// A recorded day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The participant's date.
    pub date: NaiveDate,
    /// What is kept of it.
    pub content: NewDay,
    /// Points of the day.
    pub daily_score: i32,
    /// Points of it and all before.
    pub cumulative_score: i32,
    /// When it was recorded first.
    pub created_at: DateTime<Utc>,
    /// When it was recorded last, or its sum changed.
    pub updated_at: DateTime<Utc>,
}

/// A seat and one of its days, as they are before it is written.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Whether the challenge is in use.
    pub is_active: bool,
    /// Its first day, if it has one.
    pub start_date: Option<NaiveDate>,
    /// Days that it runs.
    pub duration_days: i32,
    /// How a day is scored.
    pub scoring: Scoring,
    /// The seat.
    pub participant: Participant,
    /// How often its days have been written.
    pub version: i32,
    /// Where the participant's days begin.
    pub time_zone: Tz,
    /// What time it is.
    pub now: DateTime<Utc>,
    /// Points of all days before.
    pub before: i32,
    /// Points of the day, if it was recorded.
    pub recorded: Option<i32>,
}

/// What writing a day changes; good as long as nobody else has written one of the seat's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The seat.
    pub participant: Uuid,
    /// How often its days had been written.
    pub version: i32,
    /// The day.
    pub date: NaiveDate,
    /// Points of the day.
    pub daily_score: i32,
    /// Points of it and all before.
    pub cumulative_score: i32,
    /// By how much the score and all later sums change.
    pub difference: i32,
    /// When the score is reached.
    pub moment: DateTime<Utc>,
}

impl Standing {
    /// What it changes that a day is recorded, in place of what it held.
    pub fn record(&self, date: NaiveDate, data: &ProgressData) -> Result<Change, ProgressError> {
        self.admit(date)?;
        Ok(self.change(date, score(&self.scoring, data)))
    }

    /// What it changes that a day is deleted.
    pub fn delete(&self, date: NaiveDate) -> Result<Change, ProgressError> {
        self.admit(date)?;
        if self.recorded.is_none() {
            return Err(ProgressError::NothingRecorded);
        }
        Ok(self.change(date, 0))
    }

    /// Whether the day may be written now.
    fn admit(&self, date: NaiveDate) -> Result<(), ProgressError> {
        match self.participant.completion_status {
            CompletionStatus::Withdrawn => return Err(ProgressError::NotParticipating),
            CompletionStatus::Completed | CompletionStatus::Failed => return Err(ProgressError::Ended),
            CompletionStatus::Active => {}
        }
        if !self.is_active {
            return Err(ProgressError::Inactive);
        }
        let joined = date_in(self.time_zone, self.participant.joined_at);
        let days = window::days(self.start_date, self.duration_days, joined);
        window::open(date, days, date_in(self.time_zone, self.now))
    }

    fn change(&self, date: NaiveDate, daily_score: i32) -> Change {
        Change {
            participant: self.participant.id,
            version: self.version,
            date,
            daily_score,
            cumulative_score: self.before + daily_score,
            difference: daily_score - self.recorded.unwrap_or_default(),
            moment: self.now,
        }
    }
}

/// What a day scores. Challenges cap it so that all their days together stay within the column.
pub fn score(scoring: &Scoring, data: &ProgressData) -> i32 {
    let servings = |counts: &dyn Fn(&str) -> bool| -> i64 {
        data.fruits.iter().filter(|eaten| counts(&eaten.fruit)).map(|eaten| i64::from(eaten.servings)).sum()
    };
    let (points, cap) = match scoring {
        Scoring::Consistency { daily_target_servings } => {
            (i64::from(servings(&|_| true) >= i64::from(*daily_target_servings)), 1)
        }
        Scoring::Variety { daily_cap } => (i64::try_from(data.fruits.len()).unwrap_or(i64::MAX), *daily_cap),
        Scoring::Seasonal { fruits, daily_cap } => (servings(&|eaten| fruits.iter().any(|listed| is(listed, eaten))), *daily_cap),
        Scoring::GoalBased { points_per_unit, daily_cap, .. } => {
            (i64::from(data.amount) * i64::from(*points_per_unit), *daily_cap)
        }
    };
    i32::try_from(points).unwrap_or(i32::MAX).min(cap)
}

/// Whether a fruit that a challenge lists is the one of that name. Challenges that are older than the list have what was typed.
fn is(listed: &str, name: &str) -> bool {
    listed == name || fruit::known(listed).is_some_and(|fruit| fruit.name == name)
}

#[cfg(test)]
mod tests;
