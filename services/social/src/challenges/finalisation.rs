//! The end of challenges: who has completed them, who is ranked where, and what they are given for it. Each once, whoever does it and
//! however often it is cut off.

mod judging;
mod ranking;
mod store;
mod telling;
mod work;

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use orchard_db::Connection;
use orchard_events::Outbox;
use uuid::Uuid;

pub(crate) use store::forget;
pub use work::{Finaliser, Nudge};

use crate::challenges::challenge::{Reward, RewardStructure, SuccessCriteria};
use crate::challenges::progress::LATE_DAYS;
use crate::rewards::award::{AchievementType, Award, Awards, Entity, EntityType};

/// When nothing can be recorded any more of a last day, wherever one is: UTC-12 has ended it, and the days on which it could be recorded late.
pub fn due(last_day: NaiveDate) -> DateTime<Utc> {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    let late = u64::try_from(LATE_DAYS).unwrap_or_default();
    last_day.checked_add_days(Days::new(1 + late)).unwrap_or(NaiveDate::MAX).and_time(noon).and_utc()
}

/// A day of a participant, as far as criteria ask.
#[derive(Debug, Clone)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// Whether it scored.
    pub scored: bool,
    /// What was eaten.
    pub fruits: Vec<String>,
}

/// What a participant has done in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Points.
    pub score: i32,
    /// Days that scored.
    pub active_days: i32,
    /// Of those the most in a row.
    pub longest_streak: i32,
    /// Different fruits.
    pub distinct_fruits: i32,
}

impl Done {
    /// What is in days, which are in their order.
    pub fn of(score: i32, days: &[Day]) -> Self {
        let (mut active_days, mut streak, mut longest_streak) = (0, 0, 0);
        let mut last = None;
        for day in days.iter().filter(|day| day.scored) {
            active_days += 1;
            streak = if last == day.date.pred_opt() && last.is_some() { streak + 1 } else { 1 };
            longest_streak = longest_streak.max(streak);
            last = Some(day.date);
        }
        let fruits: BTreeSet<&str> = days.iter().flat_map(|day| day.fruits.iter().map(String::as_str)).collect();
        let distinct_fruits = i32::try_from(fruits.len()).unwrap_or(i32::MAX);
        Self { score, active_days, longest_streak, distinct_fruits }
    }

    /// Whether that is what a challenge asks for; without criteria any score is.
    pub fn completes(self, criteria: Option<&SuccessCriteria>) -> bool {
        let Some(criteria) = criteria else { return self.score > 0 };
        self.score >= criteria.min_score
            && self.active_days >= criteria.active_days
            && self.longest_streak >= criteria.longest_streak
            && self.distinct_fruits >= criteria.distinct_fruits
    }
}

/// Ranks, given from the highest score down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ranks {
    /// How many were ranked.
    pub ranked: i32,
    /// The last of them: the score and its rank.
    pub last: Option<(i32, i32)>,
}

impl Ranks {
    /// The rank of the next, who has no higher score than the last.
    pub fn next(&mut self, score: i32) -> i32 {
        self.ranked += 1;
        let rank = match self.last {
            Some((same, rank)) if same == score => rank,
            Some(_) | None => self.ranked,
        };
        self.last = Some((score, rank));
        rank
    }
}

impl RewardStructure {
    /// What a rank is given.
    pub fn of_rank(&self, rank: i32) -> Option<&Reward> {
        let band = self.rank_bands.iter().find(|band| (band.from_rank..=band.to_rank).contains(&rank))?;
        Some(&band.reward)
    }
}

/// What a participant has from a challenge: it names the challenge by its id alone, for not everyone may know of it.
fn award(achievement_type: AchievementType, name: String, challenge: Uuid, reward: &Reward) -> Award {
    Award {
        achievement_type,
        name,
        description: None,
        entity: Some(Entity { of: EntityType::Challenge, id: challenge }),
        points: reward.points,
        badge: reward.badge.clone(),
        special_reward: reward.special_reward.clone(),
    }
}

/// What it takes to end a challenge.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) awards: Awards,
    pub(crate) outbox: Outbox,
}

/// What is at work in a step.
struct Step<'a> {
    connection: &'a mut Connection,
    ending: &'a Ending,
    moment: DateTime<Utc>,
}

#[cfg(test)]
mod tests;
