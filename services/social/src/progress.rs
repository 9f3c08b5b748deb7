//! Progress: what participants do, day by day, and what it scores.

mod api;
mod store;
mod wire;

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use api::Api;

use crate::challenge::Scoring;

/// How many days late a day can still be recorded.
pub(crate) const LATE_DAYS: i64 = 2;

/// Why a day is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not one of those that can be recorded now.
    #[error("the day cannot be recorded")]
    DateNotOpen {
        /// The first and last that can, if any can.
        open: Option<(NaiveDate, NaiveDate)>,
    },
}

/// Servings of a fruit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FruitServings {
    /// Its name, in lower case.
    pub fruit: String,
    /// How many.
    pub servings: i32,
}

/// What was done on a day. No fruit is in it twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressData {
    /// What was eaten.
    pub fruits: Vec<FruitServings>,
    /// Units of a goal.
    pub amount: i32,
}

/// A recorded day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The participant's date.
    pub date: NaiveDate,
    /// What was done.
    pub data: ProgressData,
    /// Points of the day.
    pub daily_score: i32,
    /// Points of it and all before.
    pub cumulative_score: i32,
    /// The participant's own words.
    pub notes: Option<String>,
}

/// The fruits of a day as it is kept. What a newer release keeps is not known here.
pub(crate) fn fruits(kept: &Value) -> Vec<String> {
    let data: ProgressData = serde_json::from_value(kept.clone()).unwrap_or_default();
    data.fruits.into_iter().map(|eaten| eaten.fruit).collect()
}

/// What a day scores. Challenges cap it so that 366 days stay within the column.
pub fn score(scoring: &Scoring, data: &ProgressData) -> i32 {
    let servings = |counts: &dyn Fn(&str) -> bool| -> i64 {
        data.fruits.iter().filter(|eaten| counts(&eaten.fruit)).map(|eaten| i64::from(eaten.servings)).sum()
    };
    let (points, cap) = match scoring {
        Scoring::Consistency { daily_target_servings } => {
            (i64::from(servings(&|_| true) >= i64::from(*daily_target_servings)), 1)
        }
        Scoring::Variety { daily_cap } => (i64::try_from(data.fruits.len()).unwrap_or(i64::MAX), *daily_cap),
        Scoring::Seasonal { fruits, daily_cap } => (servings(&|fruit| fruits.iter().any(|listed| listed == fruit)), *daily_cap),
        Scoring::GoalBased { points_per_unit, daily_cap, .. } => {
            (i64::from(data.amount) * i64::from(*points_per_unit), *daily_cap)
        }
    };
    i32::try_from(points).unwrap_or(i32::MAX).min(cap)
}

/// Whether `date` can be recorded when it is `today` for a participant whose days these are.
pub fn open(date: NaiveDate, (first, last): (NaiveDate, NaiveDate), today: NaiveDate) -> Result<(), Refused> {
    let (first, last) = (first.max(today - TimeDelta::days(LATE_DAYS)), last.min(today));
    if (first..=last).contains(&date) {
        Ok(())
    } else {
        Err(Refused::DateNotOpen { open: (first <= last).then_some((first, last)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eaten(fruits: &[(&str, i32)], amount: i32) -> ProgressData {
        let fruits = fruits.iter().map(|(fruit, servings)| FruitServings { fruit: fruit.to_string(), servings: *servings });
        ProgressData { fruits: fruits.collect(), amount }
    }

    #[test]
    fn scores() {
        let consistency = Scoring::Consistency { daily_target_servings: 5 };
        let variety = Scoring::Variety { daily_cap: 2 };
        let seasonal = Scoring::Seasonal { fruits: vec!["apple".to_owned(), "pear".to_owned()], daily_cap: 6 };
        let goal = Scoring::GoalBased { unit: "minutes".to_owned(), points_per_unit: 3, daily_cap: 100 };
        let table = [
            (&consistency, eaten(&[("apple", 2), ("kiwi", 3)], 0), 1),
            (&consistency, eaten(&[("apple", 4)], 99), 0),
            (&variety, eaten(&[("apple", 9)], 0), 1),
            (&variety, eaten(&[("apple", 1), ("kiwi", 1), ("fig", 1)], 0), 2),
            (&variety, eaten(&[], 0), 0),
            (&seasonal, eaten(&[("apple", 2), ("kiwi", 50), ("pear", 1)], 0), 3),
            (&seasonal, eaten(&[("apple", 100)], 0), 6),
            (&goal, eaten(&[("apple", 100)], 0), 0),
            (&goal, eaten(&[], 20), 60),
            (&goal, eaten(&[], 1_000_000), 100),
        ];
        for (scoring, data, points) in table {
            assert_eq!(score(scoring, &data), points, "{scoring:?} {data:?}");
        }
    }

    #[test]
    fn open_days() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("date");
        let days = (date("2026-07-01"), date("2026-07-07"));
        let open = |day: &str, today: &str| open(date(day), days, date(today));
        let refused =
            |open: Option<(&str, &str)>| Err(Refused::DateNotOpen { open: open.map(|(first, last)| (date(first), date(last))) });
        assert_eq!(open("2026-07-03", "2026-07-03"), Ok(()));
        assert_eq!(open("2026-07-01", "2026-07-03"), Ok(()));
        assert_eq!(open("2026-07-01", "2026-07-04"), refused(Some(("2026-07-02", "2026-07-04"))));
        assert_eq!(open("2026-07-04", "2026-07-03"), refused(Some(("2026-07-01", "2026-07-03"))));
        assert_eq!(open("2026-07-07", "2026-07-09"), Ok(()));
        assert_eq!(open("2026-07-08", "2026-07-08"), refused(Some(("2026-07-06", "2026-07-07"))));
        assert_eq!(open("2026-07-07", "2026-07-10"), refused(None));
        assert_eq!(open("2026-07-01", "2026-06-30"), refused(None));
    }
}
