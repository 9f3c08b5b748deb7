//! What a family wants: its goals, and how it is delivered to.

use serde::{Deserialize, Serialize};

/// What a family has set itself to reach.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FamilyGoals {
    /// Servings of fruit a day for each member.
    pub daily_fruit_servings: Option<i32>,
    /// Energy a day for each member, in kcal.
    pub daily_calories: Option<i32>,
    /// Meals a week that the family eats together.
    pub shared_meals_per_week: Option<i32>,
    /// In the family's own words.
    pub note: Option<String>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOfWeek {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// Hours of a day in the plan's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryWindow {
    /// The first.
    pub start_hour: i32,
    /// At which it ends.
    pub end_hour: i32,
}

/// How a family wants to be delivered to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoordinationPreferences {
    /// Preferred day.
    pub delivery_day: Option<DayOfWeek>,
    /// Preferred hours.
    pub delivery_window: Option<DeliveryWindow>,
    /// Which of its addresses, by name.
    pub address_label: Option<String>,
    /// Whether what is not to be had may be replaced.
    pub allow_substitutions: bool,
}
