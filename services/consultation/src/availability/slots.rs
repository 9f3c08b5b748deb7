//! The starts that a schedule offers: a function of its arguments alone.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::vec::IntoIter;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use orchard_rpc::Zone;

use super::{Limits, Range, Schedule, Taken, Window, minutes};

/// Days that are looked at before and after a range: a clock goes back by a day at most.
const MARGIN: Days = Days::new(1);

/// Returns the starts in `range` that are offered at the moment `now`, in order. `taken` is all that takes time of the professional from two
/// days before the range until two days after it, in any order.
///
/// A start does not depend on the range in which it is asked for. Each is looked for when it is asked for: who needs a few pays for those.
pub fn starts(schedule: &Schedule, taken: &[Taken], range: Range, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    bookable(schedule, range, now).into_iter().flat_map(move |range| {
        let length = minutes(schedule.grid.slot_minutes);
        let Open { windows, runs } = Open::of(schedule, range, length);
        let mut runs = Ahead::of(runs);
        let mut busy = Ahead::of(merged(taken.iter().map(Taken::range).collect()));
        let full = full_dates(schedule, taken);
        let mut is_offered = move |start: DateTime<Utc>, date: NaiveDate| {
            let end = start + length;
            let needed = schedule.buffers.around(start, end);
            (range.from..range.to).contains(&start)
                && full.binary_search(&date).is_err()
                && runs.first_after(start).is_some_and(|run| run.from <= start && end <= run.to)
                && busy.first_after(needed.from).is_none_or(|busy| needed.to <= busy.from)
        };
        grid(schedule, windows).filter(move |(start, date)| is_offered(*start, *date)).map(|(start, _)| start)
    })
}

/// Returns whether a start is among those offered.
pub fn is_offered(schedule: &Schedule, taken: &[Taken], start: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let range = Range { from: start, to: start + TimeDelta::seconds(1) };
    starts(schedule, taken, range, now).any(|offered| offered == start)
}

/// Cuts a range to what notice and horizon allow; `None` if nothing is left.
fn bookable(schedule: &Schedule, range: Range, now: DateTime<Utc>) -> Option<Range> {
    let Limits { notice_minutes, horizon_days, .. } = schedule.limits;
    let from = range.from.max(now + minutes(notice_minutes));
    let after_horizon = horizon_days.and_then(|days| {
        let last = schedule.zone.date_at(now).checked_add_days(Days::new(days.into()))?;
        Some(schedule.zone.start_of(last.succ_opt()?))
    });
    let to = after_horizon.map_or(range.to, |end| end.min(range.to));
    (from < to).then_some(Range { from, to })
}

/// The windows around a range.
struct Open {
    /// With the times at which they are open, in order.
    windows: Vec<(NaiveDate, Window)>,
    /// Times without a break in which windows are open, in order.
    runs: Vec<Range>,
}

impl Open {
    /// Returns the windows in which slots begin or end that begin in a range.
    fn of(schedule: &Schedule, range: Range, length: TimeDelta) -> Self {
        let zone = schedule.zone;
        let first = zone.date_at(range.from).checked_sub_days(MARGIN).unwrap_or(NaiveDate::MIN);
        let last = zone.date_at(range.to + length).checked_add_days(MARGIN).unwrap_or(NaiveDate::MAX);
        let dates = first.iter_days().take_while(|date| *date <= last);
        let windows: Vec<_> = dates.flat_map(|date| schedule.windows(date).iter().map(move |window| (date, *window))).collect();
        let open = windows.iter().map(|(date, window)| opening(zone, *date, *window));
        let runs = merged(open.filter(|open| open.from < open.to).collect());
        Self { windows, runs }
    }
}

/// Returns the starts of all windows, each with its date. The clock skips some, and shows of two the first.
fn grid(schedule: &Schedule, windows: Vec<(NaiveDate, Window)>) -> impl Iterator<Item = (DateTime<Utc>, NaiveDate)> {
    let (zone, step) = (schedule.zone, schedule.grid.step_minutes);
    windows.into_iter().flat_map(move |(date, window)| {
        let first = zone.first(local(date, window.start));
        // On most days no clock is changed, and one look is enough for all starts of a window.
        let steady = first.filter(|first| zone.is_steady(*first, zone.reaches(local(date, window.end))));
        (window.start..window.end).step_by(step as usize).filter_map(move |minute| {
            let start = match steady {
                Some(first) => first + minutes(minute - window.start),
                None => zone.first(local(date, minute))?,
            };
            Some((start, date))
        })
    })
}

/// Ranges in order without overlap, of which those before a moment that only grows are left behind.
struct Ahead(Peekable<IntoIter<Range>>);

impl Ahead {
    fn of(ranges: Vec<Range>) -> Self {
        Self(ranges.into_iter().peekable())
    }

    /// Returns the first that ends after a moment.
    fn first_after(&mut self, moment: DateTime<Utc>) -> Option<Range> {
        while self.0.next_if(|range| range.to <= moment).is_some() {}
        self.0.peek().copied()
    }
}

/// Returns when a window is open: from when the clock first shows its start or later until it first shows its end or later.
fn opening(zone: Zone, date: NaiveDate, window: Window) -> Range {
    Range { from: zone.reaches(local(date, window.start)), to: zone.reaches(local(date, window.end)) }
}

/// Returns what the clock shows so many minutes after 00:00.
fn local(date: NaiveDate, minute: u32) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN) + minutes(minute)
}

/// Returns the same times, in order, without overlap and without two that touch.
fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable_by_key(|range| range.from);
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
            _ => merged.push(range),
        }
    }
    merged
}

/// Returns the dates on which no more sessions may begin, in order.
fn full_dates(schedule: &Schedule, taken: &[Taken]) -> Vec<NaiveDate> {
    let Some(most) = schedule.limits.most_per_day else { return Vec::new() };
    let mut begun: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    for taken in taken {
        *begun.entry(schedule.zone.date_at(taken.start)).or_default() += 1;
    }
    begun.into_iter().filter(|(_, count)| *count >= most).map(|(date, _)| date).collect()
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
