//! The goals of a family, and how it prefers deliveries, as they are stored.

use serde::{Deserialize, Serialize};

/// The goals that a family has set for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FamilyGoals {
    /// Servings of fruit per day for each member.
    pub daily_fruit_servings: Option<i32>,
    /// Energy per day for each member in kcal.
    pub daily_calories: Option<i32>,
    /// Meals per week that the family eats together.
    pub shared_meals_per_week: Option<i32>,
    /// A note in the family's own words.
    pub note: Option<String>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A range of hours in the plan's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryWindow {
    pub start_hour: i32,
    pub end_hour: i32,
}

/// How a family prefers deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoordinationPreferences {
    pub delivery_day: Option<DayOfWeek>,
    /// Preferred hours.
    pub delivery_window: Option<DeliveryWindow>,
    /// Which of the family's addresses to deliver to, by name.
    pub address_label: Option<String>,
    /// Whether an item that is not available may be replaced.
    pub allow_substitutions: bool,
}
