//! Nutrition: what users eat.

mod api;
pub(crate) mod store;
mod week;
mod wire;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use week::{DailyIntake, WeeklySummary, week_ending};

/// Why a call about nutrition is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NutritionError {
    #[error("no such intake")]
    IntakeNotFound,
}

impl Rule for NutritionError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::IntakeNotFound => Refusal::new(Code::NotFound, ErrorReason::IntakeNotFound, self),
        }
    }
}

/// A meal of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Meal {
    Breakfast,
    Lunch,
    Dinner,
    /// A snack between meals.
    Snack,
}

/// Where the data of an intake comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum IntakeSource {
    /// Entered by the user.
    Manual,
    /// Sent by a device.
    Device,
    /// Taken from a recipe.
    Recipe,
}

/// An intake to record.
#[derive(Debug, Clone)]
pub struct NewIntake {
    /// The user's local date.
    pub consumption_date: NaiveDate,
    /// Energy in kcal.
    pub calories_consumed: i32,
    pub meal: Meal,
    /// Where the data comes from.
    pub source: IntakeSource,
}

/// A recorded intake.
#[derive(Debug, Clone)]
pub struct Intake {
    pub id: Uuid,
    /// The user who ate.
    pub user_id: Uuid,
    /// What was recorded.
    pub intake: NewIntake,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A correction of an intake. A field that is `None` keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub consumption_date: Option<NaiveDate>,
    /// The new energy in kcal.
    pub calories_consumed: Option<i32>,
    pub meal: Option<Meal>,
    pub source: Option<IntakeSource>,
}

/// Returns the date in the time zone that is furthest ahead (UTC+14), the last date that an intake can have.
pub fn last_today(now: DateTime<Utc>) -> NaiveDate {
    (now + TimeDelta::hours(14)).date_naive()
}
