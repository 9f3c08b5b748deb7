//! Rewards of challenges: for completing one, and for the final rank.

pub(crate) mod wire;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rewards::award::SpecialReward;

/// The most points that a challenge of a user gives to one participant, and that all of them give to one user on a day. Users must not
/// create points for themselves.
pub const MAX_POINTS_OF_USERS: i32 = 100;

/// Contradictions between fields: the path of each, and what is wrong with it.
pub type Contradictions = Vec<(String, String)>;

/// A reward for a participant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reward {
    pub points: i32,
    pub badge: Option<String>,
    /// An entitlement.
    pub special_reward: Option<SpecialReward>,
}

impl Reward {
    /// Returns the reward as a challenge of a user gives it: with at most `left` points, and a badge that is none of the platform's.
    #[must_use]
    pub fn of_users(self, challenge: Uuid, left: i32) -> Self {
        let badge = self.badge.map(|badge| format!("user:{challenge}/{badge}"));
        Self { points: self.points.min(left), badge, special_reward: None }
    }
}

/// The reward for a range of ranks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankBand {
    /// First rank.
    pub from_rank: i32,
    /// Last rank.
    pub to_rank: i32,
    /// What each participant in the range gets.
    pub reward: Reward,
}

/// The rewards of a challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RewardStructure {
    /// For completing the challenge.
    pub completion: Option<Reward>,
    /// By rank, from the first on.
    pub rank_bands: Vec<RankBand>,
}

impl RewardStructure {
    /// Returns the reward of a rank.
    pub fn for_rank(&self, rank: i32) -> Option<&Reward> {
        let band = self.rank_bands.iter().find(|band| (band.from_rank..=band.to_rank).contains(&rank))?;
        Some(&band.reward)
    }

    /// Returns the bands that do not continue the previous one, or that reach beyond `last_rank`.
    pub fn gaps(&self, last_rank: i32) -> Contradictions {
        let mut gaps = Vec::new();
        let mut next = 1;
        for (index, band) in self.rank_bands.iter().enumerate() {
            let path = |name: &str| format!("rank_bands[{index}].{name}");
            if band.from_rank != next {
                gaps.push((path("from_rank"), format!("must be {next}: bands have no gaps and begin with rank 1")));
            }
            if band.to_rank < band.from_rank || band.to_rank > last_rank {
                gaps.push((path("to_rank"), format!("must be {} to {last_rank}", band.from_rank)));
            }
            next = band.to_rank.saturating_add(1);
        }
        gaps
    }

    /// Returns what only the platform's challenges may give.
    pub fn beyond_users(&self) -> Contradictions {
        let bands = self.rank_bands.iter().enumerate().map(|(index, band)| (format!("rank_bands[{index}].reward"), &band.reward));
        let completion = self.completion.iter().map(|reward| ("completion".to_owned(), reward));
        let mut beyond = Vec::new();
        for (path, reward) in completion.chain(bands) {
            let completion = self.completion.as_ref().filter(|_| path != "completion").map_or(0, |completion| completion.points);
            // A completion that is refused by itself leaves the ranks alone.
            let most = Some(MAX_POINTS_OF_USERS - completion).filter(|most| *most >= 0).unwrap_or(MAX_POINTS_OF_USERS);
            if reward.points > most {
                let why =
                    format!("must be at most {most}: a challenge that a user created gives {MAX_POINTS_OF_USERS} points in all");
                beyond.push((format!("{path}.points"), why));
            }
            if reward.special_reward.is_some() {
                let why = "must be absent in a challenge that a user created".to_owned();
                beyond.push((format!("{path}.special_reward"), why));
            }
        }
        beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_gets_the_reward_of_its_band() {
        let band = |from_rank, to_rank, points| RankBand { from_rank, to_rank, reward: Reward { points, ..Reward::default() } };
        let rewards = RewardStructure { completion: None, rank_bands: vec![band(1, 1, 50), band(2, 10, 5)] };
        let points = |rank| rewards.for_rank(rank).map(|reward| reward.points);
        assert_eq!([1, 2, 10, 11].map(points), [Some(50), Some(5), Some(5), None]);
    }

    #[test]
    fn users_give_a_hundred_points_in_all() {
        let reward = |points| Reward { points, ..Reward::default() };
        let band = |rank, points| RankBand { from_rank: rank, to_rank: rank, reward: reward(points) };
        let beyond = |completion, bands: &[i32]| {
            let rank_bands = bands.iter().zip(1..).map(|(points, rank)| band(rank, *points)).collect();
            let rewards = RewardStructure { completion: Some(reward(completion)), rank_bands };
            rewards.beyond_users().into_iter().map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(beyond(40, &[60, 60]), Vec::<String>::new());
        assert_eq!(beyond(41, &[60, 59]), ["rank_bands[0].reward.points"]);
        assert_eq!(beyond(101, &[]), ["completion.points"]);
    }

    #[test]
    fn stored_rewards_may_lack_fields() {
        let stored = serde_json::json!({"completion": {"points": 5}});
        let read: RewardStructure = serde_json::from_value(stored).expect("rewards");
        assert_eq!(read.completion.map(|reward| reward.points), Some(5));
    }
}
