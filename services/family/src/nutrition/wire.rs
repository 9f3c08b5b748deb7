//! Intakes as sent.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_proto::google::r#type::Date;
use orchard_rpc::{Fields, Invalid, PageRequest, Violations, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::store::Range;
use super::{Day, Intake, IntakeSource, Meal, NewIntake, Patch, Week, last_today};

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

fn new_intake(fields: &mut Fields, intake: pb::NewIntake, last: NaiveDate) -> Result<NewIntake, Invalid> {
    let date = fields.read("consumption_date", read_date(intake.consumption_date, last));
    let calories = fields.read("calories_consumed", read_calories(intake.calories_consumed));
    let meal = fields.read("meal", read_meal(intake.meal));
    let source = fields.read("source", read_source(intake.source));
    Ok(NewIntake { consumption_date: date?, calories_consumed: calories?, meal: meal?, source: source? })
}

const PATHS: [&str; 4] = ["consumption_date", "calories_consumed", "meal", "source"];

pub(super) fn update(request: pb::UpdateIntakeRequest, now: DateTime<Utc>) -> Result<(Uuid, Patch), Violations> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let paths = paths.as_deref().unwrap_or_default();
    let intake = fields.read("intake", read::required(request.intake));
    let target = intake.map(|intake| {
        fields.within("intake", |fields| {
            let id = fields.read("intake_id", read::uuid(&intake.intake_id));
            let date = fields.masked(paths, "consumption_date", || read_date(intake.consumption_date, last_today(now)));
            let calories = fields.masked(paths, "calories_consumed", || read_calories(intake.calories_consumed));
            let meal = fields.masked(paths, "meal", || read_meal(intake.meal));
            let source = fields.masked(paths, "source", || read_source(intake.source));
            (id, date, calories, meal, source)
        })
    });
    fields.finish(|| {
        let (id, date, calories, meal, source) = target?;
        Ok((id?, Patch { consumption_date: date?, calories_consumed: calories?, meal: meal?, source: source? }))
    })
}

/// Date and id, newest first: the order of the list.
pub(super) type IntakeKey = (NaiveDate, Uuid);

pub(super) fn list(request: &pb::ListIntakesRequest, user: Uuid) -> Result<(Range, PageRequest<IntakeKey>), Violations> {
    let mut fields = Fields::default();
    let first = fields.read("start_date", read::optional_date(request.start_date));
    let last = read::optional_date(request.end_date).and_then(|last| match (first, last) {
        (Ok(Some(first)), Some(last)) if last < first => Err(format!("must not be before {first}, the start_date")),
        (Ok(_) | Err(_), last) => Ok(last),
    });
    let last = fields.read("end_date", last);
    let query = format!("ListIntakes {user} {:?} {:?}", first.ok().flatten(), last.ok().flatten());
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((Range { user, first: first?, last: last? }, page?)))
}

/// The last date of a week, if the caller says which.
pub(super) fn week_end(request: pb::GetWeeklySummaryRequest) -> Result<Option<NaiveDate>, Violations> {
    let end = read::optional_date(request.end_date).and_then(|end| match end {
        Some(date) if date.year() < FIRST_YEAR => Err(format!("must not be before {FIRST_YEAR}-01-01, and is {date}")),
        end => Ok(end),
    });
    Fields::one("end_date", end)
}

/// Nobody records what they ate in another century.
const FIRST_YEAR: i32 = 2000;

fn read_date(date: Option<Date>, last: NaiveDate) -> Result<NaiveDate, String> {
    read::date(date).and_then(|date| match date {
        date if date.year() >= FIRST_YEAR && date <= last => Ok(date),
        _ => Err(format!("must be {FIRST_YEAR}-01-01 to {last}, not {date}")),
    })
}

fn read_calories(calories: i32) -> Result<i32, String> {
    read::within(calories, 0..=20_000)
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
        update_time: Some(timestamp_to_wire(intake.updated_at)),
    }
}

pub(super) fn week(week: &Week) -> pb::WeeklySummary {
    let day = |day: &Day| pb::DailyIntake {
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
    use prost_types::FieldMask;

    fn sent(paths: &[&str], intake: pb::NutritionalIntake) -> Result<Patch, Violations> {
        let intake = pb::NutritionalIntake { intake_id: Uuid::from_u128(7).to_string(), ..intake };
        let paths = paths.iter().map(ToString::to_string).collect();
        let request = pb::UpdateIntakeRequest { intake: Some(intake), update_mask: Some(FieldMask { paths }) };
        update(request, DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000)).map(|(_, patch)| patch)
    }

    #[test]
    fn only_masked_fields_change_and_are_looked_at() {
        let odd =
            || pb::NutritionalIntake { calories_consumed: -1, meal: pb::Meal::Snack.into(), source: 99, ..Default::default() };
        assert_eq!(sent(&["meal"], odd()), Ok(Patch { meal: Some(Meal::Snack), ..Patch::default() }));
        let all = sent(&PATHS, odd()).expect_err("refused").into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        assert_eq!(all, ["intake.consumption_date", "intake.calories_consumed", "intake.source"]);
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
            list(&pb::ListIntakesRequest { start_date, end_date, ..Default::default() }, Uuid::from_u128(7)).map(|_| ())
        };
        for (start, end) in [(None, None), (date(2), None), (None, date(1)), (date(1), date(1)), (date(1), date(2))] {
            assert_eq!(range(start, end), Ok(()));
        }
        let backwards = range(date(2), date(1)).expect_err("refused").into_iter().map(|(path, _)| path);
        assert_eq!(backwards.collect::<Vec<_>>(), ["end_date"]);
        assert!(range(date(32), date(0)).is_err());
    }
}
