//! Schedules and slots as received and sent.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Fields, Invalid, PageRequest, Zone, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::store::Stored;
use super::{Buffers, DAY, Grid, Limits, Range, Schedule, Window};
use crate::error::Error;
use crate::request;

/// The most windows of a week, and of a single date.
const MAX_WINDOWS: (usize, usize) = (168, 24);
const MAX_OVERRIDES: usize = 366;
/// The most windows of all single dates, so that a schedule is read in a millisecond or so.
const MAX_OVERRIDE_WINDOWS: usize = 1_000;
/// The longest range that one request may ask for.
pub(super) const LONGEST_RANGE: TimeDelta = TimeDelta::days(62);
/// The most professionals that one request may ask for.
const MAX_BATCH: usize = 100;

/// A schedule to set.
#[derive(Debug, Clone)]
pub(super) struct NewSchedule {
    pub(super) id: Uuid,
    /// That of the schedule which the caller has read, if they say so.
    pub(super) etag: Option<String>,
    pub(super) schedule: Stored,
}

pub(super) fn set_schedule(request: pb::SetScheduleRequest) -> Result<NewSchedule, Error> {
    let mut fields = Fields::default();
    let id = fields.read("professional_id", read::uuid(&request.professional_id));
    let schedule = fields.read("schedule", read::required(request.schedule));
    let schedule = schedule.map(|schedule| {
        fields.within("schedule", |fields| {
            let etag = fields.read("etag", read_etag(&schedule.etag));
            let schedule = read_schedule(fields, schedule);
            Ok((etag?, schedule?))
        })
    });
    Ok(fields.finish(|| {
        let (etag, schedule) = schedule??;
        Ok(NewSchedule { id: id?, etag, schedule: schedule.into() })
    })?)
}

fn read_etag(etag: &str) -> Result<Option<String>, String> {
    let is_hash = etag.len() == 32 && etag.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    match etag {
        "" => Ok(None),
        hash if is_hash => Ok(Some(hash.to_owned())),
        _ => Err("must be the etag of a schedule, or empty".to_owned()),
    }
}

fn read_schedule(fields: &mut Fields, schedule: pb::Schedule) -> Result<Schedule, Invalid> {
    let zone = fields.read("time_zone", read_zone(&schedule.time_zone));
    let weekly = read_weekly(fields, schedule.weekly_windows);
    let overrides = read_overrides(fields, schedule.overrides);
    let slot_minutes = fields.read("slot_minutes", minutes(schedule.slot_minutes, 5, 480));
    let step_minutes = fields.read("step_minutes", minutes(schedule.step_minutes, 5, 480));
    let before_minutes = fields.read("buffer_before_minutes", minutes(schedule.buffer_before_minutes, 0, 240));
    let after_minutes = fields.read("buffer_after_minutes", minutes(schedule.buffer_after_minutes, 0, 240));
    let notice_minutes = fields.read("notice_minutes", minutes(schedule.notice_minutes, 0, 43_200));
    let horizon_days = fields.read("horizon_days", minutes(schedule.horizon_days, 1, 366));
    let most = schedule.max_per_day.map(|most| minutes(most, 1, 100)).transpose();
    let most_per_day = fields.read("max_per_day", most);
    Ok(Schedule {
        zone: zone?,
        weekly: weekly?,
        overrides: overrides?,
        grid: Grid { slot_minutes: slot_minutes?, step_minutes: step_minutes? },
        buffers: Buffers { before_minutes: before_minutes?, after_minutes: after_minutes? },
        limits: Limits { notice_minutes: notice_minutes?, horizon_days: Some(horizon_days?), most_per_day: most_per_day? },
    })
}

fn read_zone(name: &str) -> Result<Zone, String> {
    if name.is_empty() { Err("is required".to_owned()) } else { read::time_zone(name) }
}

fn minutes(number: i32, least: i32, most: i32) -> Result<u32, String> {
    Ok(read::within(number, least..=most)?.unsigned_abs())
}

fn read_weekly(fields: &mut Fields, windows: Vec<pb::WeeklyWindow>) -> Result<[Vec<Window>; 7], Invalid> {
    let mut weekly: [Vec<Window>; 7] = Default::default();
    fields.each("weekly_windows", 0..=MAX_WINDOWS.0, windows, |fields, window| {
        let weekday = fields.read("weekday", read::enumeration::<pb::Weekday>(window.weekday));
        let read = read_window(fields, &window.start, &window.end);
        // The number of Monday is 1.
        let day = usize::try_from(i32::from(weekday?) - 1).unwrap_or_default();
        add(fields, &mut weekly[day], read?)
    })?;
    Ok(weekly)
}

fn read_overrides(fields: &mut Fields, overrides: Vec<pb::DateOverride>) -> Result<BTreeMap<NaiveDate, Vec<Window>>, Invalid> {
    let count: usize = overrides.iter().map(|given| given.windows.len()).sum();
    let in_all = if count > MAX_OVERRIDE_WINDOWS { Err("must have at most 1,000 windows in all".to_owned()) } else { Ok(()) };
    fields.read("overrides", in_all)?;
    let mut dates = BTreeMap::new();
    fields.each("overrides", 0..=MAX_OVERRIDES, overrides, |fields, given| {
        let date = fields.read("override_date", read::date(given.override_date));
        let mut windows = Vec::new();
        let read = fields.each("windows", 0..=MAX_WINDOWS.1, given.windows, |fields, window| {
            let read = read_window(fields, &window.start, &window.end)?;
            add(fields, &mut windows, read)
        });
        let (date, _) = (date?, read?);
        let is_first = dates.insert(date, windows).is_none();
        let once = if is_first { Ok(()) } else { Err("is given twice".to_owned()) };
        fields.read("override_date", once)
    })?;
    Ok(dates)
}

fn read_window(fields: &mut Fields, start: &str, end: &str) -> Result<Window, Invalid> {
    let start = fields.read("start", read_minute(start));
    let read_end = read_minute(end).and_then(|end| match start {
        Ok(start) if end <= start => Err("must be after the start".to_owned()),
        Ok(_) | Err(_) => Ok(end),
    });
    let end = fields.read("end", read_end);
    Ok(Window { start: start?, end: end? })
}

/// Adds a window to those of its day, in order.
fn add(fields: &mut Fields, windows: &mut Vec<Window>, window: Window) -> Result<(), Invalid> {
    let at = windows.partition_point(|other| other.start < window.start);
    let before = at.checked_sub(1).and_then(|before| windows.get(before));
    let is_free =
        before.is_none_or(|before| before.end <= window.start) && windows.get(at).is_none_or(|next| window.end <= next.start);
    fields.read("start", if is_free { Ok(()) } else { Err("must not overlap another window".to_owned()) })?;
    windows.insert(at, window);
    Ok(())
}

/// Reads a time of a day such as `09:30`, in minutes after midnight.
fn read_minute(text: &str) -> Result<u32, String> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    let minute = match *text.as_bytes() {
        [tens, hour, b':', ten, minute] => (|| {
            let (hours, minutes) = (digit(tens)? * 10 + digit(hour)?, digit(ten)? * 10 + digit(minute)?);
            (minutes < 60).then_some(hours * 60 + minutes)
        })(),
        _ => None,
    };
    minute.filter(|minute| *minute <= DAY).ok_or_else(|| "must be a time such as 09:30, from 00:00 to 24:00".to_owned())
}

pub(super) fn list(
    request: &pb::ListAvailableSlotsRequest,
    caller: Uuid,
) -> Result<(Uuid, Range, PageRequest<DateTime<Utc>>), Error> {
    let mut fields = Fields::default();
    let id = fields.read("professional_id", read::uuid(&request.professional_id));
    let from = fields.read("from_time", request::moment(request.from_time));
    let read_to = request::moment(request.to_time).and_then(|to| match from {
        Ok(from) if to <= from => Err("must be after from_time".to_owned()),
        Ok(from) if to - from > LONGEST_RANGE => Err("must be at most 62 days after from_time".to_owned()),
        Ok(_) | Err(_) => Ok(to),
    });
    let to = fields.read("to_time", read_to);
    let query = format!("ListAvailableSlots {caller} {} {:?} {:?}", request.professional_id, request.from_time, request.to_time);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((id?, Range { from: from?, to: to? }, page?)))?)
}

pub(super) fn batch(request: &pb::BatchGetNextSlotsRequest) -> Result<Vec<Uuid>, Error> {
    let mut fields = Fields::default();
    let ids = fields.values("professional_ids", 1..=MAX_BATCH, &request.professional_ids, |id| read::uuid(id));
    Ok(fields.finish(|| ids)?)
}

pub(super) fn slot(slot: Range) -> pb::Slot {
    pb::Slot { start_time: Some(timestamp_to_wire(slot.from)), end_time: Some(timestamp_to_wire(slot.to)) }
}

pub(super) fn schedule(schedule: &Stored) -> pb::Schedule {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let weekly = schedule.weekly.iter().zip(1..).flat_map(|(windows, weekday)| {
        windows.iter().map(move |window| pb::WeeklyWindow { weekday, start: clock(window.start), end: clock(window.end) })
    });
    let window = |window: &Window| pb::TimeWindow { start: clock(window.start), end: clock(window.end) };
    let given = |(date, windows): (&NaiveDate, &Vec<Window>)| pb::DateOverride {
        override_date: Some(date_to_wire(*date)),
        windows: windows.iter().map(window).collect(),
    };
    pb::Schedule {
        time_zone: schedule.time_zone.clone(),
        weekly_windows: weekly.collect(),
        overrides: schedule.overrides.iter().map(given).collect(),
        slot_minutes: number(schedule.grid.slot_minutes),
        step_minutes: number(schedule.grid.step_minutes),
        buffer_before_minutes: number(schedule.buffers.before_minutes),
        buffer_after_minutes: number(schedule.buffers.after_minutes),
        notice_minutes: number(schedule.limits.notice_minutes),
        horizon_days: schedule.limits.horizon_days.map(number).unwrap_or_default(),
        max_per_day: schedule.limits.most_per_day.map(number),
        etag: schedule.etag(),
    }
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_a_day_and_written_in_one_way() {
        for (text, minute) in [("00:00", 0), ("09:30", 570), ("23:59", 1_439), ("24:00", DAY)] {
            assert_eq!(read_minute(text), Ok(minute));
            assert_eq!(clock(minute), text);
        }
        for bad in ["", "9:30", "24:01", "25:00", "12:60", "12.30", "-1:30", "12:3", "12:300", "ab:cd", "１２:30"] {
            assert!(read_minute(bad).is_err(), "{bad}");
        }
    }
}
