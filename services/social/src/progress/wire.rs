//! Progress as sent.

use std::collections::HashSet;

use chrono::NaiveDate;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Refused, Violations, date_to_wire, read};
use uuid::Uuid;

use super::{Day, FruitServings, ProgressData};
use crate::challenge::wire::fruit;

/// A day to record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) challenge: Uuid,
    pub(super) date: NaiveDate,
    pub(super) data: ProgressData,
    pub(super) notes: Option<String>,
}

pub(super) fn record(request: pb::RecordProgressRequest) -> Result<Record, Violations> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let date = fields.read("progress_date", read::date(request.progress_date));
    let data = fields.read("progress_data", read::required(request.progress_data));
    let data = data.and_then(|data| fields.within("progress_data", |fields| progress_data(fields, data)));
    let notes = fields.read("notes", read::long_text(&request.notes, 0..=1_000));
    fields.finish(|| {
        let notes = notes?;
        let notes = (!notes.is_empty()).then_some(notes);
        Ok(Record { challenge: challenge?, date: date?, data: data?, notes })
    })
}

fn progress_data(fields: &mut Fields, data: pb::ProgressData) -> Result<ProgressData, Refused> {
    let mut seen = HashSet::new();
    let fruits = fields.each("fruits", 0..=50, data.fruits, |fields, eaten| {
        let name = fruit(&eaten.fruit)
            .and_then(|name| if seen.insert(name.clone()) { Ok(name) } else { Err("must not be there twice".to_owned()) });
        let name = fields.read("fruit", name);
        let servings = fields.read("servings", read::within(eaten.servings, 1..=100));
        Ok(FruitServings { fruit: name?, servings: servings? })
    });
    let amount = fields.read("amount", read::within(data.amount, 0..=1_000_000));
    Ok(ProgressData { fruits: fruits?, amount: amount? })
}

pub(super) fn day(day: Day) -> pb::ProgressDay {
    let fruits = day.data.fruits.into_iter().map(|eaten| pb::FruitServings { fruit: eaten.fruit, servings: eaten.servings });
    pb::ProgressDay {
        progress_date: Some(date_to_wire(day.date)),
        progress_data: Some(pb::ProgressData { fruits: fruits.collect(), amount: day.data.amount }),
        daily_score: day.daily_score,
        cumulative_score: day.cumulative_score,
        notes: day.notes.unwrap_or_default(),
        ..Default::default()
    }
}
