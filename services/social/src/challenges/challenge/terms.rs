//! Terms of challenges: what their creators can change.

use chrono::NaiveDate;
use orchard_rpc::Violations;
use serde::{Deserialize, Serialize};

use super::days::last_day;
use super::{EntryRequirements, Scoring};
use crate::challenges::reward::{Contradictions, RewardStructure};

/// The last rank that a challenge without a limit of seats can reward.
const LAST_RANK: i32 = 1_000_000;

/// What completes a challenge. All of it must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuccessCriteria {
    /// Total score.
    pub min_score: i32,
    /// Number of days that score.
    pub active_days: i32,
    /// Number of consecutive days that score.
    pub longest_streak: i32,
    /// Number of distinct fruits over all days.
    pub distinct_fruits: i32,
}

/// What the creator of a challenge can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub challenge_name: String,
    pub description: String,
    /// Difficulty, from 1 to 5.
    pub difficulty_level: i32,
    /// Number of days that the challenge runs.
    pub duration_days: i32,
    /// Number of seats, if limited.
    pub max_participants: Option<i32>,
    /// First day; `None` when the days of each participant run from their joining.
    pub start_date: Option<NaiveDate>,
    /// How a day is scored.
    pub scoring: Scoring,
    /// What a user must meet to join.
    pub entry_requirements: Option<EntryRequirements>,
    /// What completes the challenge; `None` for any score above 0.
    pub success_criteria: Option<SuccessCriteria>,
    pub reward_structure: Option<RewardStructure>,
    /// Whether everyone can find and join the challenge.
    pub is_public: bool,
}

/// A change of terms. `None` changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub challenge_name: Option<String>,
    pub description: Option<String>,
    pub difficulty_level: Option<i32>,
    pub duration_days: Option<i32>,
    pub max_participants: Option<Option<i32>>,
    pub start_date: Option<Option<NaiveDate>>,
    pub scoring: Option<Scoring>,
    pub entry_requirements: Option<Option<EntryRequirements>>,
    pub success_criteria: Option<Option<SuccessCriteria>>,
    pub reward_structure: Option<Option<RewardStructure>>,
    pub is_public: Option<bool>,
}

impl Terms {
    /// Returns the last day, if the challenge has dates.
    pub fn end_date(&self) -> Option<NaiveDate> {
        self.start_date.map(|first| last_day(first, self.duration_days))
    }

    /// Returns the changed terms.
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

    /// Checks that the terms do not contradict each other. `prefix` begins the paths of the fields in the request.
    pub fn check(&self, is_platforms: bool, prefix: &str) -> Result<(), Violations> {
        let contradictions = self.contradictions(is_platforms);
        if contradictions.is_empty() {
            return Ok(());
        }
        let mut violations = Violations::default();
        for (path, why) in contradictions {
            violations.add(format!("{prefix}{path}"), why);
        }
        Err(violations)
    }

    fn contradictions(&self, is_platforms: bool) -> Contradictions {
        let mut all = Vec::new();
        if let Some(criteria) = &self.success_criteria {
            let days = [("active_days", criteria.active_days), ("longest_streak", criteria.longest_streak)];
            for (name, _) in days.into_iter().filter(|(_, days)| *days > self.duration_days) {
                let why = format!("must be at most {}, the days of the challenge", self.duration_days);
                all.push((format!("success_criteria.{name}"), why));
            }
        }
        let Some(rewards) = &self.reward_structure else { return all };
        let mut of_rewards = Vec::new();
        if self.start_date.is_none() && !rewards.rank_bands.is_empty() {
            let why = "must be empty without a start_date, because the ranks never become final";
            of_rewards.push(("rank_bands".to_owned(), why.to_owned()));
        }
        of_rewards.extend(rewards.gaps(self.max_participants.unwrap_or(LAST_RANK)));
        if !is_platforms {
            of_rewards.extend(rewards.beyond_users());
        }
        all.extend(of_rewards.into_iter().map(|(path, why)| (format!("reward_structure.{path}"), why)));
        all
    }
}

#[cfg(test)]
mod tests;
