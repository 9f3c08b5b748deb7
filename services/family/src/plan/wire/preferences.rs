//! Goals and delivery preferences as sent.

use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};

use crate::plan::{CoordinationPreferences, DayOfWeek, DeliveryWindow, FamilyGoals};
use crate::wire::some_text;

orchard_rpc::wire_enum!(DayOfWeek <=> pb::DayOfWeek: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday);

pub(super) fn read_goals(fields: &mut Fields, goals: &pb::FamilyGoals) -> Result<FamilyGoals, Invalid> {
    let number = |number: Option<i32>, range| number.map(|number| read::within(number, range)).transpose();
    let servings = fields.read("daily_fruit_servings", number(goals.daily_fruit_servings, 1..=20));
    let calories = fields.read("daily_calories", number(goals.daily_calories, 500..=10_000));
    let meals = fields.read("shared_meals_per_week", number(goals.shared_meals_per_week, 1..=21));
    let note = fields.read("note", read::long_text(&goals.note, 0..=500));
    Ok(FamilyGoals {
        daily_fruit_servings: servings?,
        daily_calories: calories?,
        shared_meals_per_week: meals?,
        note: some_text(note?),
    })
}

pub(super) fn goals(goals: FamilyGoals) -> pb::FamilyGoals {
    pb::FamilyGoals {
        daily_fruit_servings: goals.daily_fruit_servings,
        daily_calories: goals.daily_calories,
        shared_meals_per_week: goals.shared_meals_per_week,
        note: goals.note.unwrap_or_default(),
    }
}

pub(super) fn read_preferences(
    fields: &mut Fields,
    preferences: &pb::CoordinationPreferences,
) -> Result<CoordinationPreferences, Invalid> {
    let day = Some(preferences.delivery_day).filter(|day| *day != i32::from(pb::DayOfWeek::Unspecified));
    let day = fields.read("delivery_day", day.map(DayOfWeek::try_from).transpose());
    let window = preferences.delivery_window.map(|window| {
        fields.within("delivery_window", |fields| {
            let start = fields.read("start_hour", read::within(window.start_hour, 0..=23));
            let end = match read::within(window.end_hour, 1..=24) {
                Ok(end) if end <= window.start_hour => Err("must be after start_hour".to_owned()),
                read => read,
            };
            let end = fields.read("end_hour", end);
            Ok(DeliveryWindow { start_hour: start?, end_hour: end? })
        })
    });
    let label = fields.read("address_label", read::text(&preferences.address_label, 0..=50));
    Ok(CoordinationPreferences {
        delivery_day: day?,
        delivery_window: window.transpose()?,
        address_label: some_text(label?),
        allow_substitutions: preferences.allow_substitutions,
    })
}

pub(super) fn preferences(preferences: CoordinationPreferences) -> pb::CoordinationPreferences {
    let window = |window: DeliveryWindow| pb::DeliveryWindow { start_hour: window.start_hour, end_hour: window.end_hour };
    pb::CoordinationPreferences {
        delivery_day: preferences.delivery_day.map_or(pb::DayOfWeek::Unspecified.into(), DayOfWeek::into),
        delivery_window: preferences.delivery_window.map(window),
        address_label: preferences.address_label.unwrap_or_default(),
        allow_substitutions: preferences.allow_substitutions,
    }
}
