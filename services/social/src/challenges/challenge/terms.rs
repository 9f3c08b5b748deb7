//! What the creator of a challenge says of it.

use chrono::{Months, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{Scoring, last_day};
use crate::rewards::award::SpecialReward;

/// Most points that a challenge of a user may give at once: nobody is to make them for themselves.
const USERS_POINTS: i32 = 100;
/// The last rank that is ever rewarded.
const LAST_RANK: i32 = 1_000_000;

/// What is asked of whoever joins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryRequirements {
    /// Challenges that they have completed.
    pub challenges_completed: i32,
    /// Badges that they have.
    pub badges: Vec<String>,
    /// Whether they belong to a family plan.
    pub family_plan: bool,
    /// Days since they were first known.
    pub account_age_days: i32,
}

/// What completes a challenge: all of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuccessCriteria {
    /// Points in all.
    pub min_score: i32,
    /// Days that score.
    pub active_days: i32,
    /// Days in a row that score.
    pub longest_streak: i32,
    /// Different fruits.
    pub distinct_fruits: i32,
}

/// What is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reward {
    /// Points.
    pub points: i32,
    /// A badge.
    pub badge: Option<String>,
    /// What else comes with it.
    pub special_reward: Option<SpecialReward>,
}

/// What those are given who end within some ranks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankBand {
    /// The first.
    pub from_rank: i32,
    /// The last.
    pub to_rank: i32,
    /// What.
    pub reward: Reward,
}

/// What a challenge gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RewardStructure {
    /// To whoever completes it.
    pub completion: Option<Reward>,
    /// By rank, from the first on.
    pub rank_bands: Vec<RankBand>,
}

/// What the creator of a challenge says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What it is called.
    pub challenge_name: String,
    /// What to do.
    pub description: String,
    /// 1 to 5.
    pub difficulty_level: i32,
    /// Days that it runs.
    pub duration_days: i32,
    /// Seats, if limited.
    pub max_participants: Option<i32>,
    /// First day; none when each participant has days of their own.
    pub start_date: Option<NaiveDate>,
    /// How a day is scored.
    pub scoring: Scoring,
    /// What is asked of whoever joins.
    pub entry_requirements: Option<EntryRequirements>,
    /// What completes it.
    pub success_criteria: Option<SuccessCriteria>,
    /// What it gives.
    pub reward_structure: Option<RewardStructure>,
    /// Whether everyone finds and joins it.
    pub is_public: bool,
}

/// What changes of them; nothing where they stay.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// As in [`Terms`].
    pub challenge_name: Option<String>,
    /// As in [`Terms`].
    pub description: Option<String>,
    /// As in [`Terms`].
    pub difficulty_level: Option<i32>,
    /// As in [`Terms`].
    pub duration_days: Option<i32>,
    /// As in [`Terms`].
    pub max_participants: Option<Option<i32>>,
    /// As in [`Terms`].
    pub start_date: Option<Option<NaiveDate>>,
    /// As in [`Terms`].
    pub scoring: Option<Scoring>,
    /// As in [`Terms`].
    pub entry_requirements: Option<Option<EntryRequirements>>,
    /// As in [`Terms`].
    pub success_criteria: Option<Option<SuccessCriteria>>,
    /// As in [`Terms`].
    pub reward_structure: Option<Option<RewardStructure>>,
    /// As in [`Terms`].
    pub is_public: Option<bool>,
}

/// What is wrong with terms: where, and why.
pub type Wrong = Vec<(String, String)>;

impl Terms {
    /// The last day, if there is a first.
    pub fn end_date(&self) -> Option<NaiveDate> {
        self.start_date.map(|first| last_day(first, self.duration_days))
    }

    /// These, with what changes.
    #[must_use]
    pub fn patched(self, patch: Patch) -> Self {
        Self {
            challenge_name: patch.challenge_name.unwrap_or(self.challenge_name),
            description: patch.description.unwrap_or(self.description),
            difficulty_level: patch.difficulty_level.unwrap_or(self.difficulty_level),
            duration_days: patch.duration_days.unwrap_or(self.duration_days),
            max_participants: patch.max_participants.unwrap_or(self.max_participants),
            start_date: patch.start_date.unwrap_or(self.start_date),
            scoring: patch.scoring.unwrap_or(self.scoring),
            entry_requirements: patch.entry_requirements.unwrap_or(self.entry_requirements),
            success_criteria: patch.success_criteria.unwrap_or(self.success_criteria),
            reward_structure: patch.reward_structure.unwrap_or(self.reward_structure),
            is_public: patch.is_public.unwrap_or(self.is_public),
        }
    }

    /// What of them does not go together, in a challenge of the platform or of a user.
    pub fn contradictions(&self, is_platforms: bool) -> Wrong {
        let mut wrong = Vec::new();
        let days = self
            .success_criteria
            .iter()
            .flat_map(|criteria| [("active_days", criteria.active_days), ("longest_streak", criteria.longest_streak)]);
        for (name, _) in days.filter(|(_, days)| *days > self.duration_days) {
            let why = format!("must be at most {}, the days of the challenge", self.duration_days);
            wrong.push((format!("success_criteria.{name}"), why));
        }
        let Some(rewards) = &self.reward_structure else { return wrong };
        if self.start_date.is_none() && !rewards.rank_bands.is_empty() {
            let why = "must be empty without a start_date: there is no moment at which ranks are final";
            wrong.push(("reward_structure.rank_bands".to_owned(), why.to_owned()));
        }
        let last = self.max_participants.unwrap_or(LAST_RANK);
        wrong.extend(gaps(&rewards.rank_bands, last));
        if !is_platforms {
            let bands = rewards.rank_bands.iter().enumerate();
            let bands = bands.map(|(index, band)| (format!("rank_bands[{index}].reward"), &band.reward));
            let completion = rewards.completion.iter().map(|reward| ("completion".to_owned(), reward));
            for (path, reward) in completion.chain(bands) {
                wrong.extend(reward.beyond_a_user(&format!("reward_structure.{path}")));
            }
        }
        wrong
    }
}

impl Reward {
    /// What of it a user's own challenge does not give.
    fn beyond_a_user(&self, path: &str) -> Wrong {
        let mut wrong = Vec::new();
        if self.points > USERS_POINTS {
            wrong.push((format!("{path}.points"), format!("must be at most {USERS_POINTS} in a user's own challenge")));
        }
        if self.special_reward.is_some() {
            wrong.push((format!("{path}.special_reward"), "must be absent in a user's own challenge".to_owned()));
        }
        wrong
    }
}

/// Where bands do not follow each other from the first rank on, to `last` at most.
fn gaps(bands: &[RankBand], last: i32) -> Wrong {
    let mut wrong = Vec::new();
    let mut next = 1;
    for (index, band) in bands.iter().enumerate() {
        let path = |name: &str| format!("reward_structure.rank_bands[{index}].{name}");
        if band.from_rank != next {
            wrong.push((path("from_rank"), format!("must be {next}: bands follow each other from rank 1 on")));
        }
        if band.to_rank < band.from_rank || band.to_rank > last {
            wrong.push((path("to_rank"), format!("must be {} to {last}", band.from_rank)));
        }
        next = band.to_rank.saturating_add(1);
    }
    wrong
}

/// Whether a challenge may be said on `today` to start on `first`: nobody is to have missed more than a day of it.
pub fn may_start(first: NaiveDate, today: NaiveDate) -> Result<(), String> {
    let (earliest, latest) = (today - TimeDelta::days(1), today.checked_add_months(Months::new(24)).unwrap_or(NaiveDate::MAX));
    if (earliest..=latest).contains(&first) { Ok(()) } else { Err(format!("must be {earliest} to {latest}, not {first}")) }
}

#[cfg(test)]
mod tests;
