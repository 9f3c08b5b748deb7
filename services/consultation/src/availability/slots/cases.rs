//! Schedules with the starts that they offer, worked out by hand.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::availability::{Buffers, DAY, Grid};

type Windows = Vec<[String; 2]>;

#[derive(Deserialize)]
struct Case {
    title: String,
    input: Input,
    starts: Vec<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Input {
    zone: String,
    weekly: BTreeMap<String, Windows>,
    overrides: BTreeMap<NaiveDate, Windows>,
    slot_minutes: u32,
    step_minutes: u32,
    buffer_before_minutes: u32,
    buffer_after_minutes: u32,
    notice_minutes: u32,
    horizon_days: Option<u32>,
    max_per_day: Option<u32>,
    now: DateTime<Utc>,
    range: AskedRange,
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct AskedRange {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Session {
    start: DateTime<Utc>,
    minutes: u32,
    state: String,
    expires: Option<DateTime<Utc>>,
    buffers: Option<[u32; 2]>,
}

fn windows(windows: &Windows) -> Vec<Window> {
    let minute = |text: &str| {
        let (hours, minutes) = text.split_once(':').expect("a time");
        hours.parse::<u32>().expect("hours") * 60 + minutes.parse::<u32>().expect("minutes")
    };
    let windows: Vec<_> = windows.iter().map(|[start, end]| Window { start: minute(start), end: minute(end) }).collect();
    assert!(windows.iter().all(|window| window.start < window.end && window.end <= DAY));
    windows
}

impl Input {
    fn schedule(&self) -> Schedule {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        Schedule {
            zone: Zone::named(&self.zone).expect("a zone"),
            weekly: days.map(|day| self.weekly.get(day).map(windows).unwrap_or_default()),
            overrides: self.overrides.iter().map(|(date, instead)| (*date, windows(instead))).collect(),
            grid: Grid { slot_minutes: self.slot_minutes, step_minutes: self.step_minutes },
            buffers: Buffers { before_minutes: self.buffer_before_minutes, after_minutes: self.buffer_after_minutes },
            limits: Limits {
                notice_minutes: self.notice_minutes,
                horizon_days: self.horizon_days,
                most_per_day: self.max_per_day,
            },
        }
    }

    fn taken(&self, schedule: &Schedule) -> Vec<Taken> {
        let takes_time = |session: &&Session| match session.state.as_str() {
            "hold" => session.expires.is_none_or(|expires| expires > self.now),
            state => state != "cancelled",
        };
        let taken = |session: &Session| {
            let own = |[before_minutes, after_minutes]: [u32; 2]| Buffers { before_minutes, after_minutes };
            let buffers = session.buffers.map_or(schedule.buffers, own);
            Taken { start: session.start, end: session.start + minutes(session.minutes), buffers }
        };
        self.sessions.iter().filter(takes_time).map(taken).collect()
    }
}

#[test]
fn each_case_offers_what_was_worked_out() {
    let mut wrong = Vec::new();
    for line in include_str!("cases.jsonl").lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let schedule = case.input.schedule();
        let range = Range { from: case.input.range.from, to: case.input.range.to };
        let taken = case.input.taken(&schedule);
        let found: Vec<_> = starts(&schedule, &taken, range, case.input.now).collect();
        if found != case.starts {
            wrong.push(format!("{}: {found:?} instead of {:?}", case.title, case.starts));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
