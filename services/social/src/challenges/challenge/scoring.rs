//! How days of challenges are scored.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// What a challenge is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ChallengeType {
    /// Reaching a daily target.
    Consistency,
    /// Eating many kinds of fruit.
    Variety,
    /// Eating listed fruits, such as those in season.
    Seasonal,
    /// Doing much of something countable.
    GoalBased,
}

/// How a day is scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Scoring {
    /// One point for a day that reaches its target.
    Consistency {
        /// Target in servings per day.
        daily_target_servings: i32,
    },
    /// One point for each kind of fruit.
    Variety {
        /// Maximum score of a day.
        daily_cap: i32,
    },
    /// One point for each serving of the listed fruits.
    Seasonal {
        /// Names of fruits.
        fruits: Vec<String>,
        /// Maximum score of a day.
        daily_cap: i32,
    },
    /// Points for each unit done.
    GoalBased {
        /// What is counted.
        unit: String,
        points_per_unit: i32,
        /// Maximum score of a day.
        daily_cap: i32,
    },
}

impl Scoring {
    /// Returns the type of a challenge that is scored like this.
    pub fn challenge_type(&self) -> ChallengeType {
        match self {
            Self::Consistency { .. } => ChallengeType::Consistency,
            Self::Variety { .. } => ChallengeType::Variety,
            Self::Seasonal { .. } => ChallengeType::Seasonal,
            Self::GoalBased { .. } => ChallengeType::GoalBased,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scoring_is_stored_by_the_name_of_its_rule() {
        let json = serde_json::json!({"rule": "goal_based", "unit": "minutes", "points_per_unit": 2, "daily_cap": 60});
        let scoring: Scoring = serde_json::from_value(json.clone()).expect("scoring");
        assert_eq!(serde_json::to_value(&scoring).expect("json"), json);
    }
}
