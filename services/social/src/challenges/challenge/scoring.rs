//! How a day of a challenge is scored.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scoring_is_kept_by_name() {
        let json = serde_json::json!({"rule": "goal_based", "unit": "minutes", "points_per_unit": 2, "daily_cap": 60});
        let scoring: Scoring = serde_json::from_value(json.clone()).expect("scoring");
        assert_eq!(serde_json::to_value(&scoring).expect("json"), json);
    }
}
