//! Nutrition: what users eat.

mod api;
mod store;
mod wire;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

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
}

/// The last date that is today somewhere on earth: nobody has eaten later than that.
pub fn last_today(now: DateTime<Utc>) -> NaiveDate {
    (now + TimeDelta::hours(14)).date_naive()
}
