//! When professionals can be booked.

mod api;
mod next;
mod setting;
mod slots;
pub(crate) mod store;
mod wire;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_rpc::{Refusal, Zone};
use serde::{Deserialize, Serialize};
use tonic::Code;

pub(crate) use next::{Sweeper, refresh_next_slot, store as next_slots};
pub use slots::{is_offered, starts};

/// Why a call about a schedule is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AvailabilityError {
    /// The professional has none.
    #[error("the professional has set no schedule")]
    NoSchedule,
}

impl Rule for AvailabilityError {
    fn refusal(&self) -> Refusal {
        let Self::NoSchedule = self;
        Refusal::new(Code::NotFound, ErrorReason::ScheduleNotSet, self)
    }
}

/// Minutes of a day as clocks show it, also on days that have more or fewer.
pub const DAY: u32 = 24 * 60;

/// A part of a day, in minutes after 00:00 as the clock shows them. It ends at 24:00 at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// The first minute.
    pub start: u32,
    /// The minute after the last.
    pub end: u32,
}

/// What a professional offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The zone whose clock and dates the windows are of.
    pub zone: Zone,
    /// The windows of each day of the week from Monday on, in order and without overlap.
    pub weekly: [Vec<Window>; 7],
    /// The windows of single dates, instead of the weekly ones; none on a day off.
    pub overrides: BTreeMap<NaiveDate, Vec<Window>>,
    /// How long a session lasts, and between which starts of a window one may choose.
    pub grid: Grid,
    /// The time that a session takes besides its own.
    pub buffers: Buffers,
    /// What is not offered though it is free.
    pub limits: Limits,
}

/// The starts within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// Minutes that a session lasts.
    pub slot_minutes: u32,
    /// Minutes from one start to the next.
    pub step_minutes: u32,
}

/// The time before and after a session in which the professional has no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Buffers {
    /// Minutes before the start.
    pub before_minutes: u32,
    /// Minutes after the end.
    pub after_minutes: u32,
}

/// Limits of what is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Minutes between now and the earliest start.
    pub notice_minutes: u32,
    /// Days from today to the last date, in the schedule's zone; none if there is no last.
    pub horizon_days: Option<u32>,
    /// The most sessions that begin on a date of the schedule's zone; none if any number does.
    pub most_per_day: Option<u32>,
}

/// Time that a session or a live hold takes, with the buffers that it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// The buffers around it.
    pub buffers: Buffers,
}

/// A range of time: from its first moment until just before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The moment after the last.
    pub to: DateTime<Utc>,
}

impl Buffers {
    /// Returns the time that something takes together with its buffers.
    pub fn around(self, start: DateTime<Utc>, end: DateTime<Utc>) -> Range {
        Range { from: start - minutes(self.before_minutes), to: end + minutes(self.after_minutes) }
    }
}

impl Taken {
    /// Returns the time that is taken.
    pub fn range(&self) -> Range {
        self.buffers.around(self.start, self.end)
    }
}

impl Schedule {
    /// Returns the time of a session that begins at a moment.
    pub fn slot(&self, start: DateTime<Utc>) -> Range {
        Range { from: start, to: start + minutes(self.grid.slot_minutes) }
    }

    /// Returns the windows of a date.
    pub fn windows(&self, date: NaiveDate) -> &[Window] {
        use chrono::Datelike as _;
        match self.overrides.get(&date) {
            Some(windows) => windows,
            None => &self.weekly[date.weekday().num_days_from_monday() as usize],
        }
    }
}

fn minutes(minutes: u32) -> TimeDelta {
    TimeDelta::minutes(i64::from(minutes))
}
