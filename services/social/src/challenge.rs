//! Challenges, and who takes part in them.

mod api;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

/// What a challenge is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ChallengeType {
    /// Reaching a daily target.
    Consistency,
    /// Eating many kinds of fruit.
    Variety,
    /// Eating the fruits of the season.
    Seasonal,
    /// Doing much of something countable.
    GoalBased,
}

/// How a day is scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Scoring {
    /// 1 when the servings reach the target.
    Consistency {
        /// Servings a day.
        daily_target_servings: i32,
    },
    /// A point for each kind of fruit.
    Variety {
        /// Highest score of a day.
        daily_cap: i32,
    },
    /// A point for each serving of these fruits.
    Seasonal {
        /// Names, in lower case.
        fruits: Vec<String>,
        /// Highest score of a day.
        daily_cap: i32,
    },
    /// Points for each unit.
    GoalBased {
        /// What is counted.
        unit: String,
        /// Points for each.
        points_per_unit: i32,
        /// Highest score of a day.
        daily_cap: i32,
    },
}

impl Scoring {
    /// The type of a challenge that scores so.
    pub fn challenge_type(&self) -> ChallengeType {
        match self {
            Self::Consistency { .. } => ChallengeType::Consistency,
            Self::Variety { .. } => ChallengeType::Variety,
            Self::Seasonal { .. } => ChallengeType::Seasonal,
            Self::GoalBased { .. } => ChallengeType::GoalBased,
        }
    }
}

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

/// Why a challenge refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was deactivated.
    #[error("the challenge is not active")]
    Inactive,
    /// Its last day is over.
    #[error("the challenge has ended")]
    Ended,
    /// Every seat is taken.
    #[error("all {max_participants} seats of the challenge are taken")]
    Full {
        /// Its seats.
        max_participants: i32,
    },
}

/// A community challenge.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub challenge_name: String,
    /// What to do.
    pub description: String,
    /// What it is about.
    pub challenge_type: ChallengeType,
    /// 1 to 5.
    pub difficulty_level: i32,
    /// Days that it runs.
    pub duration_days: i32,
    /// Seats, if limited.
    pub max_participants: Option<i32>,
    /// Seats that are taken.
    pub participant_count: i32,
    /// First day; none when each participant has days of their own.
    pub start_date: Option<NaiveDate>,
    /// Last day.
    pub end_date: Option<NaiveDate>,
    /// Whether it is in use.
    pub is_active: bool,
    /// How a day is scored.
    pub scoring: Scoring,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl Challenge {
    /// Whether the challenge may be joined and recorded at all.
    pub fn in_use(&self) -> Result<(), Refused> {
        if self.is_active { Ok(()) } else { Err(Refused::Inactive) }
    }

    /// Whether one more may join, whose date is `today`.
    pub fn admit(&self, today: NaiveDate) -> Result<(), Refused> {
        self.in_use()?;
        if self.end_date.is_some_and(|end| today > end) {
            return Err(Refused::Ended);
        }
        match self.max_participants {
            Some(max_participants) if self.participant_count >= max_participants => Err(Refused::Full { max_participants }),
            Some(_) | None => Ok(()),
        }
    }

    /// First and last day of a participant who joined on `joined`, their own date.
    pub fn days(&self, joined: NaiveDate) -> (NaiveDate, NaiveDate) {
        let first = self.start_date.unwrap_or(joined);
        (first, last_day(first, self.duration_days))
    }
}

/// Whether a challenge may be created on `today` to start on `first`: nobody is to have missed more than a day of it.
pub fn may_start(first: NaiveDate, today: NaiveDate) -> Result<(), String> {
    let (earliest, latest) = (today - TimeDelta::days(1), today.checked_add_months(Months::new(24)).unwrap_or(NaiveDate::MAX));
    if (earliest..=latest).contains(&first) { Ok(()) } else { Err(format!("must be {earliest} to {latest}, not {first}")) }
}

/// The last of `duration_days` days from `first` on.
pub fn last_day(first: NaiveDate, duration_days: i32) -> NaiveDate {
    let more = u64::try_from(duration_days - 1).unwrap_or_default();
    first.checked_add_days(Days::new(more)).unwrap_or(NaiveDate::MAX)
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
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn challenge(start_date: Option<&str>, duration_days: i32) -> Challenge {
        let start_date: Option<NaiveDate> = start_date.map(|text| text.parse().expect("date"));
        Challenge {
            id: Uuid::nil(),
            challenge_name: String::new(),
            description: String::new(),
            challenge_type: ChallengeType::Consistency,
            difficulty_level: 1,
            duration_days,
            max_participants: None,
            participant_count: 0,
            start_date,
            end_date: start_date.map(|first| last_day(first, duration_days)),
            is_active: true,
            scoring: Scoring::Consistency { daily_target_servings: 1 },
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("date")
    }

    #[test]
    fn days_include_the_first_and_the_leap_day() {
        assert_eq!(challenge(Some("2028-02-28"), 3).end_date, Some(date("2028-03-01")));
        assert_eq!(challenge(Some("2026-07-01"), 1).days(date("2026-08-08")), (date("2026-07-01"), date("2026-07-01")));
        assert_eq!(challenge(None, 7).days(date("2026-08-08")), (date("2026-08-08"), date("2026-08-14")));
    }

    #[test]
    fn starts_lie_between_yesterday_and_two_years_ahead() {
        for (first, may) in
            [("2026-07-08", true), ("2026-07-07", true), ("2026-07-06", false), ("2028-07-08", true), ("2028-07-09", false)]
        {
            assert_eq!(may_start(date(first), date("2026-07-08")).is_ok(), may, "{first}");
        }
    }

    #[test]
    fn who_may_join() {
        let running = challenge(Some("2026-07-01"), 7);
        assert_eq!(running.admit(date("2026-07-07")), Ok(()));
        assert_eq!(running.admit(date("2026-07-08")), Err(Refused::Ended));
        let full = Challenge { max_participants: Some(2), participant_count: 2, ..running.clone() };
        assert_eq!(full.admit(date("2026-07-01")), Err(Refused::Full { max_participants: 2 }));
        assert_eq!(Challenge { participant_count: 1, ..full }.admit(date("2026-06-01")), Ok(()));
        assert_eq!(Challenge { is_active: false, ..running }.admit(date("2026-07-01")), Err(Refused::Inactive));
        assert_eq!(challenge(None, 7).admit(date("2999-01-01")), Ok(()));
    }

    #[test]
    fn scoring_is_kept_by_name() {
        let json = serde_json::json!({"rule": "goal_based", "unit": "minutes", "points_per_unit": 2, "daily_cap": 60});
        let scoring: Scoring = serde_json::from_value(json.clone()).expect("scoring");
        assert_eq!(serde_json::to_value(&scoring).expect("json"), json);
    }
}
