//! Intakes as sent.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, Refused, Violations, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Intake, IntakeSource, Meal, NewIntake, last_today};

/// Intakes to record together.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) key: Key,
    pub(super) intakes: Vec<NewIntake>,
}

pub(super) fn record(request: &pb::RecordIntakeRequest, caller: Uuid, now: DateTime<Utc>) -> Result<Record, Violations> {
    let mut fields = Fields::default();
    let last = last_today(now);
    let intakes = fields.each("intakes", 1..=100, request.intakes.clone(), |fields, intake| new_intake(fields, intake, last));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| Ok(Record { key: Key::new(caller, "RecordIntake", request_id?, Keep::Days30, request), intakes: intakes? }))
}

fn new_intake(fields: &mut Fields, intake: pb::NewIntake, last: NaiveDate) -> Result<NewIntake, Refused> {
    let date = read::date(intake.consumption_date).and_then(|date| match date {
        date if date.year() >= 2000 && date <= last => Ok(date),
        _ => Err(format!("must be 2000-01-01 to {last}, not {date}")),
    });
    let date = fields.read("consumption_date", date);
    let calories = fields.read("calories_consumed", read::within(intake.calories_consumed, 0..=20_000));
    let meal = fields.read("meal", read_meal(intake.meal));
    let source = fields.read("source", read_source(intake.source));
    Ok(NewIntake { consumption_date: date?, calories_consumed: calories?, meal: meal?, source: source? })
}

fn read_meal(value: i32) -> Result<Meal, String> {
    match read::enumeration(value)? {
        pb::Meal::Breakfast => Ok(Meal::Breakfast),
        pb::Meal::Lunch => Ok(Meal::Lunch),
        pb::Meal::Dinner => Ok(Meal::Dinner),
        pb::Meal::Snack => Ok(Meal::Snack),
        pb::Meal::Unspecified => Err("is required".to_owned()),
    }
}

fn read_source(value: i32) -> Result<IntakeSource, String> {
    match read::enumeration(value)? {
        pb::IntakeSource::Manual => Ok(IntakeSource::Manual),
        pb::IntakeSource::Device => Ok(IntakeSource::Device),
        pb::IntakeSource::Recipe => Ok(IntakeSource::Recipe),
        pb::IntakeSource::Unspecified => Err("is required".to_owned()),
    }
}

pub(super) fn intake(intake: Intake) -> pb::NutritionalIntake {
    let meal = match intake.intake.meal {
        Meal::Breakfast => pb::Meal::Breakfast,
        Meal::Lunch => pb::Meal::Lunch,
        Meal::Dinner => pb::Meal::Dinner,
        Meal::Snack => pb::Meal::Snack,
    };
    let source = match intake.intake.source {
        IntakeSource::Manual => pb::IntakeSource::Manual,
        IntakeSource::Device => pb::IntakeSource::Device,
        IntakeSource::Recipe => pb::IntakeSource::Recipe,
    };
    pb::NutritionalIntake {
        intake_id: intake.id.to_string(),
        user_id: intake.user_id.to_string(),
        consumption_date: Some(date_to_wire(intake.intake.consumption_date)),
        calories_consumed: intake.intake.calories_consumed,
        meal: meal.into(),
        source: source.into(),
        create_time: Some(timestamp_to_wire(intake.created_at)),
    }
}
