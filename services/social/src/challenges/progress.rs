//! Progress: what participants do, day by day, and what it scores.

mod api;
mod batch;
mod recording;
mod store;
mod window;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::{Refusal, Zone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tonic::Code;
use uuid::Uuid;

use crate::challenges::challenge::{ChallengeError, Scoring, days};
use crate::challenges::fruit;
use crate::challenges::participant::{Participant, ParticipantError};

/// Why a call about progress is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgressError {
    /// The challenge refuses.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// The seat of the caller refuses.
    #[error(transparent)]
    Participant(#[from] ParticipantError),
    #[error("the day cannot be recorded")]
    DateNotOpen {
        /// The first and the last day that can be recorded now, if any can.
        open: Option<(NaiveDate, NaiveDate)>,
    },
    #[error("nothing was recorded for the day")]
    NothingRecorded,
}

impl Rule for ProgressError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::Challenge(error) => error.refusal(),
            Self::Participant(error) => error.refusal(),
            Self::DateNotOpen { open: None } => refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen),
            Self::DateNotOpen { open: Some((first, last)) } => {
                refuse(Code::FailedPrecondition, ErrorReason::DateNotOpen).with("first_date", first).with("last_date", last)
            }
            Self::NothingRecorded => refuse(Code::NotFound, ErrorReason::ProgressNotFound),
        }
    }
}

/// Servings of one fruit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FruitServings {
    pub fruit: String,
    pub servings: i32,
}

/// What a participant did on a day. No fruit is in it twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProgressData {
    /// Fruits eaten.
    pub fruits: Vec<FruitServings>,
    /// Units of a goal-based challenge.
    pub amount: i32,
}

/// Returns the names of the fruits in stored progress data. Data that only a newer release can read has none.
pub(crate) fn fruits(stored: Value) -> Vec<String> {
    let data: ProgressData = serde_json::from_value(stored).unwrap_or_default();
    data.fruits.into_iter().map(|eaten| eaten.fruit).collect()
}

/// What a participant records of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayContent {
    /// What the participant did.
    pub data: ProgressData,
    /// Notes in the participant's own words.
    pub notes: Option<String>,
    /// Whether a device recorded the day.
    pub auto_generated: bool,
}

/// A recorded day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressDay {
    /// Local date of the participant.
    pub date: NaiveDate,
    /// What was recorded.
    pub content: DayContent,
    /// Points of the day.
    pub daily_score: i32,
    /// Points of this day and all earlier days.
    pub cumulative_score: i32,
    /// When the day was first recorded.
    pub created_at: DateTime<Utc>,
    /// When the day was last recorded, or its cumulative score changed.
    pub updated_at: DateTime<Utc>,
}

/// A seat and one of its days, before the day is written.
#[derive(Debug, Clone)]
pub struct SeatState {
    /// Whether the challenge is active.
    pub is_active: bool,
    /// Last day of the challenge, if it has dates.
    pub end_date: Option<NaiveDate>,
    /// Number of days that the challenge runs.
    pub duration_days: i32,
    /// How a day is scored.
    pub scoring: Scoring,
    /// The seat.
    pub participant: Participant,
    /// How many times days of the seat have been written.
    pub version: i32,
    /// Time zone of the participant.
    pub time_zone: Zone,
    /// The current time.
    pub now: DateTime<Utc>,
    /// Points of all earlier days.
    pub earlier_score: i32,
    /// Points of the day, if it is recorded.
    pub recorded: Option<i32>,
}

/// The effect of writing a day. It applies only while the seat has the same version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayChange {
    /// The seat.
    pub participant: Uuid,
    /// How many times days of the seat had been written.
    pub version: i32,
    pub date: NaiveDate,
    /// Points of the day.
    pub daily_score: i32,
    /// Points of the day and all earlier days.
    pub cumulative_score: i32,
    /// What is added to the total score and to the cumulative scores of later days.
    pub difference: i32,
    /// When the new score is reached.
    pub moment: DateTime<Utc>,
}

impl SeatState {
    /// Returns the effect of recording a day, in place of what was recorded before.
    pub fn record(&self, date: NaiveDate, data: &ProgressData) -> Result<DayChange, ProgressError> {
        self.admit(date)?;
        Ok(self.change(date, score(&self.scoring, data)))
    }

    /// Returns the effect of deleting a day.
    pub fn delete(&self, date: NaiveDate) -> Result<DayChange, ProgressError> {
        self.admit(date)?;
        if self.recorded.is_none() {
            return Err(ProgressError::NothingRecorded);
        }
        Ok(self.change(date, 0))
    }

    /// Checks that the day can be written now.
    fn admit(&self, date: NaiveDate) -> Result<(), ProgressError> {
        self.participant.check_active()?;
        if !self.is_active {
            return Err(ChallengeError::Inactive.into());
        }
        let last = self.end_date.or(self.participant.ends_at.map(days::of_due));
        let days = last.map(|last| (days::first_day(last, self.duration_days), last));
        window::check_open(date, days.ok_or(ProgressError::DateNotOpen { open: None })?, self.time_zone.date_at(self.now))
    }

    fn change(&self, date: NaiveDate, daily_score: i32) -> DayChange {
        DayChange {
            participant: self.participant.id,
            version: self.version,
            date,
            daily_score,
            cumulative_score: self.earlier_score + daily_score,
            difference: daily_score - self.recorded.unwrap_or_default(),
            moment: self.now,
        }
    }
}

/// Returns the score of a day. The caps of challenges keep the sum of all days within the column.
pub fn score(scoring: &Scoring, data: &ProgressData) -> i32 {
    let servings = |counts: &dyn Fn(&str) -> bool| -> i64 {
        data.fruits.iter().filter(|eaten| counts(&eaten.fruit)).map(|eaten| i64::from(eaten.servings)).sum()
    };
    let (points, cap) = match scoring {
        Scoring::Consistency { daily_target_servings } => {
            (i64::from(servings(&|_| true) >= i64::from(*daily_target_servings)), 1)
        }
        Scoring::Variety { daily_cap } => (i64::try_from(data.fruits.len()).unwrap_or(i64::MAX), *daily_cap),
        Scoring::Seasonal { fruits, daily_cap } => {
            (servings(&|eaten| fruits.iter().any(|listed| is_fruit(listed, eaten))), *daily_cap)
        }
        Scoring::GoalBased { points_per_unit, daily_cap, .. } => {
            (i64::from(data.amount) * i64::from(*points_per_unit), *daily_cap)
        }
    };
    i32::try_from(points).unwrap_or(i32::MAX).min(cap)
}

/// Returns whether a fruit that a challenge lists is the one of that name. Challenges that are older than the list of fruits
/// have any text.
fn is_fruit(listed: &str, name: &str) -> bool {
    listed == name || fruit::find(listed).is_some_and(|fruit| fruit.name == name)
}

#[cfg(test)]
mod tests;
