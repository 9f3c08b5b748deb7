//! Intakes as sent.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_proto::google::r#type::Date;
use orchard_rpc::{Fields, Invalid, PageRequest, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::store::Range;
use super::{DailyIntake, Intake, IntakeSource, Meal, NewIntake, Patch, WeeklySummary, last_today};
use crate::error::Error;

orchard_rpc::wire_enum!(Meal <=> pb::Meal: Breakfast, Lunch, Dinner, Snack);
orchard_rpc::wire_enum!(IntakeSource <=> pb::IntakeSource: Manual, Device, Recipe);

/// The earliest year that a date may be in.
const FIRST_YEAR: i32 = 2000;

const PATHS: [&str; 4] = ["consumption_date", "calories_consumed", "meal", "source"];

pub(super) fn record(
    request: &pb::RecordIntakeRequest,
    caller: Uuid,
    now: DateTime<Utc>,
) -> Result<(Key, Vec<NewIntake>), Error> {
    let mut fields = Fields::default();
    let last = last_today(now);
    let intakes = fields.each("intakes", 1..=100, request.intakes.clone(), |fields, intake| new_intake(fields, intake, last));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| Ok((Key::new(caller, "RecordIntake", request_id?, Keep::Days30, request), intakes?)))?)
}

fn new_intake(fields: &mut Fields, intake: pb::NewIntake, last: NaiveDate) -> Result<NewIntake, Invalid> {
    let date = fields.read("consumption_date", read_date(intake.consumption_date, last));
    let calories = fields.read("calories_consumed", read_calories(intake.calories_consumed));
    let meal = fields.read("meal", Meal::try_from(intake.meal));
    let source = fields.read("source", IntakeSource::try_from(intake.source));
    Ok(NewIntake { consumption_date: date?, calories_consumed: calories?, meal: meal?, source: source? })
}

pub(super) fn update(request: pb::UpdateIntakeRequest, now: DateTime<Utc>) -> Result<(Uuid, Patch), Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let mask = paths.as_deref().unwrap_or_default();
    let intake = fields.read("intake", read::required(request.intake));
    let update = intake.map(|intake| fields.within("intake", |fields| read_update(fields, mask, &intake, last_today(now))));
    Ok(fields.finish(|| update?)?)
}

fn read_update(
    fields: &mut Fields,
    mask: &[&str],
    intake: &pb::NutritionalIntake,
    last: NaiveDate,
) -> Result<(Uuid, Patch), Invalid> {
    let id = fields.read("intake_id", read::uuid(&intake.intake_id));
    let date = fields.masked(mask, "consumption_date", || read_date(intake.consumption_date, last));
    let calories = fields.masked(mask, "calories_consumed", || read_calories(intake.calories_consumed));
    let meal = fields.masked(mask, "meal", || Meal::try_from(intake.meal));
    let source = fields.masked(mask, "source", || IntakeSource::try_from(intake.source));
    Ok((id?, Patch { consumption_date: date?, calories_consumed: calories?, meal: meal?, source: source? }))
}

pub(super) fn intake_id(id: &str) -> Result<Uuid, Error> {
    Ok(Fields::one("intake_id", read::uuid(id))?)
}

/// The position of an intake in a list.
type Position = (NaiveDate, Uuid);

pub(super) fn list(request: &pb::ListIntakesRequest, user: Uuid) -> Result<(Range, PageRequest<Position>), Error> {
    let mut fields = Fields::default();
    let first = fields.read("start_date", read::optional_date(request.start_date));
    let last = read::optional_date(request.end_date).and_then(|last| match (first, last) {
        (Ok(Some(first)), Some(last)) if last < first => Err(format!("must not be before {first}, the start_date")),
        (Ok(_) | Err(_), last) => Ok(last),
    });
    let last = fields.read("end_date", last);
    let query = format!("ListIntakes {user} {:?} {:?}", first.ok().flatten(), last.ok().flatten());
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((Range { user, first: first?, last: last? }, page?)))?)
}

/// Reads the last date of a week, which is today when absent.
pub(super) fn week_end(request: pb::GetWeeklySummaryRequest) -> Result<Option<NaiveDate>, Error> {
    let end = read::optional_date(request.end_date).and_then(|end| match end {
        Some(date) if date.year() < FIRST_YEAR => Err(format!("must not be before {FIRST_YEAR}-01-01, and is {date}")),
        end => Ok(end),
    });
    Ok(Fields::one("end_date", end)?)
}

fn read_date(date: Option<Date>, last: NaiveDate) -> Result<NaiveDate, String> {
    read::date(date).and_then(|date| match date {
        date if date.year() >= FIRST_YEAR && date <= last => Ok(date),
        _ => Err(format!("must be {FIRST_YEAR}-01-01 to {last}, not {date}")),
    })
}

fn read_calories(calories: i32) -> Result<i32, String> {
    read::within(calories, 0..=20_000)
}

pub(super) fn intake(intake: Intake) -> pb::NutritionalIntake {
    pb::NutritionalIntake {
        intake_id: intake.id.to_string(),
        user_id: intake.user_id.to_string(),
        consumption_date: Some(date_to_wire(intake.intake.consumption_date)),
        calories_consumed: intake.intake.calories_consumed,
        meal: intake.intake.meal.into(),
        source: intake.intake.source.into(),
        create_time: Some(timestamp_to_wire(intake.created_at)),
        update_time: Some(timestamp_to_wire(intake.updated_at)),
    }
}

pub(super) fn week(week: &WeeklySummary) -> pb::WeeklySummary {
    let day = |day: &DailyIntake| pb::DailyIntake {
        consumption_date: Some(date_to_wire(day.date)),
        calories_consumed: day.calories,
        intake_count: i32::try_from(day.intakes).unwrap_or(i32::MAX),
    };
    pb::WeeklySummary {
        days: week.days.iter().map(day).collect(),
        total_calories: week.total(),
        average_calories: week.average(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_testkit::answer::violations;
    use prost_types::FieldMask;
    use tonic::Status;

    fn sent(paths: &[&str], intake: pb::NutritionalIntake) -> Result<Patch, Status> {
        let intake = pb::NutritionalIntake { intake_id: Uuid::from_u128(7).to_string(), ..intake };
        let paths = paths.iter().map(ToString::to_string).collect();
        let request = pb::UpdateIntakeRequest { intake: Some(intake), update_mask: Some(FieldMask { paths }) };
        Ok(update(request, DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000))?.1)
    }

    #[test]
    fn only_fields_that_the_mask_names_are_checked_and_changed() {
        let odd =
            || pb::NutritionalIntake { calories_consumed: -1, meal: pb::Meal::Snack.into(), source: 99, ..Default::default() };
        assert_eq!(sent(&["meal"], odd()).expect("a patch"), Patch { meal: Some(Meal::Snack), ..Patch::default() });
        let paths = ["intake.consumption_date", "intake.calories_consumed", "intake.source"];
        assert_eq!(violations(sent(&PATHS, odd())), paths);
    }

    #[test]
    fn unknown_and_output_only_paths_are_refused() {
        for path in ["intake_id", "user_id", "create_time", "update_time", "nope", "*", ""] {
            assert!(sent(&["meal", path], pb::NutritionalIntake::default()).is_err(), "{path}");
        }
        assert!(sent(&[], pb::NutritionalIntake::default()).is_err());
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_refused() {
        let date = |day| Some(Date { year: 2026, month: 1, day });
        let range = |start_date, end_date| {
            let request = pb::ListIntakesRequest { start_date, end_date, ..Default::default() };
            list(&request, Uuid::from_u128(7)).map(|_| ()).map_err(Status::from)
        };
        for (start, end) in [(None, None), (date(2), None), (None, date(1)), (date(1), date(1)), (date(1), date(2))] {
            assert!(range(start, end).is_ok());
        }
        assert_eq!(violations(range(date(2), date(1))), ["end_date"]);
        assert!(range(date(32), date(0)).is_err());
    }
}
