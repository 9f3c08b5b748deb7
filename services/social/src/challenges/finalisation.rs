//! Finalisation: judges who has completed a challenge, ranks the participants, and gives rewards. Each happens once, whichever
//! replica does it and however often it is interrupted.

mod events;
mod finaliser;
mod gauges;
mod judging;
mod postponed;
mod ranking;
mod requests;
mod store;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::QueryResult;
use orchard_db::Connection;
use orchard_events::Outbox;
use uuid::Uuid;

pub use finaliser::Finaliser;
pub use requests::Requests;
pub(crate) use store::forget;

use crate::challenges::challenge::{Challenge, SuccessCriteria};
use crate::challenges::reward::{MAX_POINTS_OF_USERS, Reward};
use crate::rewards::award::{AchievementType, Award, Awards, Entity, EntityType};

/// What success criteria need to know of a recorded day.
#[derive(Debug, Clone)]
pub struct DaySummary {
    /// Local date of the participant.
    pub date: NaiveDate,
    pub scored: bool,
    /// Names of the fruits eaten.
    pub fruits: Vec<String>,
}

/// What a participant did over all days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub score: i32,
    /// Number of days that scored.
    pub active_days: i32,
    /// Number of consecutive days that scored.
    pub longest_streak: i32,
    pub distinct_fruits: i32,
}

impl Totals {
    /// Adds up days, which are ordered by date.
    pub fn of(score: i32, days: &[DaySummary]) -> Self {
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

    /// Returns whether the totals meet all criteria. Without any, a score above 0 does.
    pub fn meet(self, criteria: Option<&SuccessCriteria>) -> bool {
        let Some(criteria) = criteria.filter(|criteria| **criteria != SuccessCriteria::default()) else { return self.score > 0 };
        self.score >= criteria.min_score
            && self.active_days >= criteria.active_days
            && self.longest_streak >= criteria.longest_streak
            && self.distinct_fruits >= criteria.distinct_fruits
    }
}

/// Assigns ranks to scores, from the highest score down. Equal scores share a rank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RankCounter {
    /// Number of participants ranked so far.
    pub ranked: i32,
    /// Score and rank of the last of them.
    pub last: Option<(i32, i32)>,
}

impl RankCounter {
    /// Returns the rank of the next score, which is not higher than the last one.
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

/// Returns the achievement for a reward of a challenge. It names the challenge only by its id, because not everyone may know of
/// it.
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

/// How many more points users may get from challenges of users.
#[derive(Debug, Default)]
struct Allowance(HashMap<Uuid, i32>);

impl Allowance {
    /// Returns what a challenge gives a user of a reward.
    fn grant(&self, challenge: &Challenge, user: Uuid, reward: &Reward) -> Reward {
        if challenge.created_by.is_none() {
            return reward.clone();
        }
        reward.clone().of_users(challenge.id, self.0.get(&user).copied().unwrap_or(MAX_POINTS_OF_USERS).max(0))
    }
}

/// One step of a finalisation, in the transaction of `connection`.
struct Step<'a> {
    connection: &'a mut Connection,
    awards: &'a Awards,
    outbox: &'a Outbox,
    now: DateTime<Utc>,
}

impl Step<'_> {
    /// Returns how many more points these users, who must be locked, may get from a challenge, if it is a user's.
    async fn allowance(&mut self, challenge: &Challenge, users: &[Uuid]) -> QueryResult<Allowance> {
        if challenge.created_by.is_none() {
            return Ok(Allowance::default());
        }
        let earned = store::earned_of_users(self.connection, users, self.now - TimeDelta::days(1)).await?;
        let mut left = HashMap::new();
        for (user, earned) in earned {
            let points = [earned.completion, earned.rank].into_iter().flatten().map(|reward| reward.points).sum::<i32>();
            *left.entry(user).or_insert(MAX_POINTS_OF_USERS) -= points;
        }
        Ok(Allowance(left))
    }
}

#[cfg(test)]
mod tests;
