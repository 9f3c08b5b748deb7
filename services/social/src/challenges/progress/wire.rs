//! Conversions of progress from and to protobuf.

use std::collections::HashSet;

use chrono::NaiveDate;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Invalid, PageRequest, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::recording::DayWrite;
use super::{DayContent, FruitServings, ProgressData, ProgressDay};
use crate::challenges::fruit;
use crate::error::Error;

/// A page of the days of a user in a challenge.
#[derive(Debug)]
pub(super) struct List {
    pub(super) user: Uuid,
    pub(super) challenge: Uuid,
    pub(super) page: PageRequest<NaiveDate>,
}

pub(super) fn record(request: pb::RecordProgressRequest, user: Uuid) -> Result<DayWrite, Error> {
    let pb::RecordProgressRequest { challenge_id, progress_date, progress_data, notes, auto_generated } = request;
    let mut fields = Fields::default();
    let record = pb::ProgressRecord { challenge_id, progress_date, progress_data, notes, auto_generated };
    let write = read_record(&mut fields, record, user);
    Ok(fields.finish(|| write)?)
}

pub(super) fn batch(request: pb::BatchRecordProgressRequest, user: Uuid) -> Result<Vec<DayWrite>, Error> {
    let mut fields = Fields::default();
    let mut seen = HashSet::new();
    let writes = fields.each("records", 1..=100, request.records, |fields, record| {
        let write = read_record(fields, record, user)?;
        let is_new = seen.insert((write.challenge, write.date));
        let once = if is_new { Ok(()) } else { Err("must not be there twice for a challenge".to_owned()) };
        fields.read("progress_date", once)?;
        Ok(write)
    });
    Ok(fields.finish(|| writes)?)
}

fn read_record(fields: &mut Fields, record: pb::ProgressRecord, user: Uuid) -> Result<DayWrite, Invalid> {
    let challenge = fields.read("challenge_id", read::uuid(&record.challenge_id));
    let date = fields.read("progress_date", read::date(record.progress_date));
    let data = fields.read("progress_data", read::required(record.progress_data));
    let data = data.and_then(|data| fields.within("progress_data", |fields| read_data(fields, data)));
    let notes = fields.read("notes", read::long_text(&record.notes, 0..=1_000));
    let notes = notes.map(|notes| (!notes.is_empty()).then_some(notes));
    let content = DayContent { data: data?, notes: notes?, auto_generated: record.auto_generated };
    Ok(DayWrite { user, challenge: challenge?, date: date?, content: Some(content) })
}

fn read_data(fields: &mut Fields, data: pb::ProgressData) -> Result<ProgressData, Invalid> {
    let mut seen = HashSet::new();
    let fruits = fields.each("fruits", 0..=50, data.fruits, |fields, eaten| {
        let name = fruit::wire::name(&eaten.fruit)
            .and_then(|name| if seen.insert(name) { Ok(name.to_owned()) } else { Err("must not be there twice".to_owned()) });
        let name = fields.read("fruit", name);
        let servings = fields.read("servings", read::within(eaten.servings, 1..=100));
        Ok(FruitServings { fruit: name?, servings: servings? })
    });
    let amount = fields.read("amount", read::within(data.amount, 0..=1_000_000));
    Ok(ProgressData { fruits: fruits?, amount: amount? })
}

pub(super) fn deletion(request: &pb::DeleteProgressRequest, user: Uuid) -> Result<DayWrite, Error> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let date = fields.read("progress_date", read::date(request.progress_date));
    Ok(fields.finish(|| Ok(DayWrite { user, challenge: challenge?, date: date?, content: None }))?)
}

pub(super) fn list(request: &pb::ListProgressRequest, user: Uuid) -> Result<List, Error> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let query = format!("ListProgress {user} {}", request.challenge_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok(List { user, challenge: challenge?, page: page? }))?)
}

pub(super) fn day(day: ProgressDay) -> pb::ProgressDay {
    let DayContent { data, notes, auto_generated } = day.content;
    let fruits = data.fruits.into_iter().map(|eaten| pb::FruitServings { fruit: eaten.fruit, servings: eaten.servings });
    pb::ProgressDay {
        progress_date: Some(date_to_wire(day.date)),
        progress_data: Some(pb::ProgressData { fruits: fruits.collect(), amount: data.amount }),
        daily_score: day.daily_score,
        cumulative_score: day.cumulative_score,
        notes: notes.unwrap_or_default(),
        auto_generated,
        create_time: Some(timestamp_to_wire(day.created_at)),
        update_time: Some(timestamp_to_wire(day.updated_at)),
    }
}
