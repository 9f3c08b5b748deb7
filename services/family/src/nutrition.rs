//! Nutrition: what users eat.

mod api;
mod store;
mod wire;

use bigdecimal::ToPrimitive as _;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;

/// Why a call about nutrition is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NutritionError {
    /// The caller has no such intake.
    #[error("no such intake")]
    IntakeNotFound,
}

impl Rule for NutritionError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::IntakeNotFound => refuse(Code::NotFound, ErrorReason::IntakeNotFound),
        }
    }
}

/// Which meal was eaten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Meal {
    /// In the morning.
    Breakfast,
    /// At noon.
    Lunch,
    /// In the evening.
    Dinner,
    /// Between meals.
    Snack,
}

/// Who measured an intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum IntakeSource {
    /// The user.
    Manual,
    /// A device.
    Device,
    /// A recipe.
    Recipe,
}

/// An intake to record.
#[derive(Debug, Clone)]
pub struct NewIntake {
    /// The user's local date.
    pub consumption_date: NaiveDate,
    /// In kcal.
    pub calories_consumed: i32,
    /// Which meal.
    pub meal: Meal,
    /// Who measured it.
    pub source: IntakeSource,
}

/// A recorded intake.
#[derive(Debug, Clone)]
pub struct Intake {
    /// Its id.
    pub id: Uuid,
    /// Who ate.
    pub user_id: Uuid,
    /// What and when.
    pub intake: NewIntake,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it was last corrected.
    pub updated_at: DateTime<Utc>,
}

/// A correction of an intake: what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// The new date.
    pub consumption_date: Option<NaiveDate>,
    /// The new energy.
    pub calories_consumed: Option<i32>,
    /// The new meal.
    pub meal: Option<Meal>,
    /// Who measured it after all.
    pub source: Option<IntakeSource>,
}

/// What a user ate on one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The date.
    pub date: NaiveDate,
    /// In kcal, of all intakes together.
    pub calories: i64,
    /// How many they are.
    pub intakes: i64,
}

/// What a user ate on 7 dates in a row.
#[derive(Debug, PartialEq, Eq)]
pub struct Week {
    /// All of them, in order.
    pub days: Vec<Day>,
}

impl Week {
    /// The week from `first` on. `eaten` lacks the dates on which nothing was.
    pub fn from(first: NaiveDate, eaten: &[Day]) -> Self {
        let nothing = |date| Day { date, calories: 0, intakes: 0 };
        let day = |date| eaten.iter().find(|day| day.date == date).copied().unwrap_or_else(|| nothing(date));
        Self { days: first.iter_days().take(WEEK).map(day).collect() }
    }

    /// In kcal, of all intakes together.
    pub fn total(&self) -> i64 {
        self.days.iter().map(|day| day.calories).sum()
    }

    /// Mean over the intakes, not over the dates; nothing without intakes.
    pub fn average(&self) -> Option<f64> {
        let intakes: i64 = self.days.iter().map(|day| day.intakes).sum();
        if intakes == 0 { None } else { Some(self.total().to_f64()? / intakes.to_f64()?) }
    }
}

/// Dates of a week.
const WEEK: usize = 7;

/// First and last of the 7 dates that end with `last`.
pub fn week_ending(last: NaiveDate) -> (NaiveDate, NaiveDate) {
    (last - TimeDelta::days(6), last)
}

/// The last date that is today somewhere on earth: nobody has eaten later than that.
pub fn last_today(now: DateTime<Utc>) -> NaiveDate {
    (now + TimeDelta::hours(14)).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("date")
    }

    #[test]
    fn a_week_is_seven_dates_whatever_was_eaten() {
        let (first, last) = week_ending(date("2026-03-02"));
        assert_eq!((first, last), (date("2026-02-24"), date("2026-03-02")));
        let eaten = [
            Day { date: last, calories: 100, intakes: 1 },
            Day { date: first, calories: 1_200, intakes: 3 },
            Day { date: date("2026-02-23"), calories: 9_000, intakes: 1 },
        ];
        let week = Week::from(first, &eaten);
        assert_eq!(week.days.iter().map(|day| day.calories).collect::<Vec<_>>(), [1_200, 0, 0, 0, 0, 0, 100]);
        assert!(week.days.is_sorted_by_key(|day| day.date) && week.days[6].date == last);
        assert_eq!((week.total(), week.average()), (1_300, Some(325.0)));
    }

    #[test]
    fn nothing_eaten_has_no_average_and_nothing_in_what_was_eaten_has() {
        let first = date("2026-02-24");
        assert_eq!(Week::from(first, &[]).average(), None);
        assert_eq!(Week::from(first, &[Day { date: first, calories: 0, intakes: 2 }]).average(), Some(0.0));
    }
}
