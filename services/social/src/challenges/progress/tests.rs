use super::*;
use crate::challenges::participant::CompletionStatus;

fn eaten(fruits: &[(&str, i32)], amount: i32) -> ProgressData {
    let fruits = fruits.iter().map(|(fruit, servings)| FruitServings { fruit: fruit.to_string(), servings: *servings });
    ProgressData { fruits: fruits.collect(), amount }
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

#[test]
fn each_rule_scores_what_it_is_about_up_to_its_cap() {
    let consistency = Scoring::Consistency { daily_target_servings: 5 };
    let variety = Scoring::Variety { daily_cap: 2 };
    let seasonal = Scoring::Seasonal { fruits: vec!["apple".to_owned(), "pear".to_owned()], daily_cap: 6 };
    // Challenges that are older than the list of fruits have any text.
    let typed = Scoring::Seasonal { fruits: ["Apples", "kakis", "moonfruit"].map(str::to_owned).to_vec(), daily_cap: 6 };
    let goal = Scoring::GoalBased { unit: "minutes".to_owned(), points_per_unit: 3, daily_cap: 100 };
    let most = Scoring::GoalBased { unit: "steps".to_owned(), points_per_unit: 1_000, daily_cap: 100_000 };
    let table = [
        (&consistency, eaten(&[("apple", 2), ("kiwi", 3)], 0), 1),
        (&consistency, eaten(&[("apple", 100), ("kiwi", 100)], 0), 1),
        (&consistency, eaten(&[("apple", 4)], 99), 0),
        (&variety, eaten(&[("apple", 9)], 0), 1),
        (&variety, eaten(&[("apple", 1), ("kiwi", 1), ("fig", 1)], 0), 2),
        (&variety, eaten(&[], 0), 0),
        (&seasonal, eaten(&[("apple", 2), ("kiwi", 50), ("pear", 1)], 0), 3),
        (&seasonal, eaten(&[("apple", 100)], 0), 6),
        (&seasonal, eaten(&[("kiwi", 100)], 100), 0),
        (&typed, eaten(&[("apple", 2), ("persimmon", 1), ("pear", 1)], 0), 3),
        (&typed, eaten(&[("moonfruit", 1)], 0), 1),
        (&goal, eaten(&[("apple", 100)], 0), 0),
        (&goal, eaten(&[], 20), 60),
        (&goal, eaten(&[], 1_000_000), 100),
        (&most, eaten(&[], 1_000_000), 100_000),
    ];
    for (scoring, data, points) in table {
        assert_eq!(score(scoring, &data), points, "{scoring:?} {data:?}");
    }
}

#[test]
fn the_highest_score_of_the_longest_challenge_fits() {
    assert!(i32::try_from(366 * i64::from(100_000)).is_ok());
}

#[test]
fn stored_data_may_lack_fields() {
    let read = |json| serde_json::from_value::<ProgressData>(json).expect("data");
    assert_eq!(read(serde_json::json!({})), eaten(&[], 0));
    let old = serde_json::json!({"fruits": [{"fruit": "moonfruit", "servings": 2}], "steps": 9});
    assert_eq!(read(old), eaten(&[("moonfruit", 2)], 0));
}

/// A seat in a challenge of ten days from 2026-03-20 on, in UTC, at noon of its fourth day. Nothing is recorded for the day.
fn state() -> SeatState {
    SeatState {
        is_active: true,
        end_date: Some(date("2026-03-29")),
        duration_days: 10,
        scoring: Scoring::GoalBased { unit: "minutes".to_owned(), points_per_unit: 1, daily_cap: 100 },
        participant: Participant {
            id: Uuid::from_u128(1),
            challenge_id: Uuid::from_u128(2),
            user_id: Uuid::from_u128(3),
            completion_status: CompletionStatus::Active,
            final_score: 40,
            joined_at: moment("2026-03-20T08:00:00Z"),
            ends_at: None,
            is_visible: true,
            on_board: true,
            completion_date: None,
            rank_position: None,
            rewards_earned: None,
        },
        version: 5,
        time_zone: Zone::default(),
        now: moment("2026-03-23T12:00:00Z"),
        earlier_score: 30,
        recorded: None,
    }
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

#[test]
fn a_change_adds_the_difference_to_the_recorded_points() {
    let (new, old) = (state(), SeatState { recorded: Some(10), ..state() });
    let day = date("2026-03-22");
    let change = |daily_score, cumulative_score, difference| DayChange {
        participant: Uuid::from_u128(1),
        version: 5,
        date: day,
        daily_score,
        cumulative_score,
        difference,
        moment: moment("2026-03-23T12:00:00Z"),
    };
    assert_eq!(new.record(day, &eaten(&[], 25)), Ok(change(25, 55, 25)));
    assert_eq!(old.record(day, &eaten(&[], 25)), Ok(change(25, 55, 15)));
    assert_eq!(old.record(day, &eaten(&[], 4)), Ok(change(4, 34, -6)));
    assert_eq!(old.record(day, &eaten(&[("apple", 9)], 10)), Ok(change(10, 40, 0)));
    assert_eq!(old.delete(day), Ok(change(0, 30, -10)));
    assert_eq!(SeatState { recorded: Some(0), ..state() }.delete(day), Ok(change(0, 30, 0)));
    assert_eq!(new.delete(day), Err(ProgressError::NothingRecorded));
}

#[test]
fn only_active_participants_of_active_challenges_write_open_days() {
    let of = |completion_status| SeatState {
        participant: Participant { completion_status, ..state().participant },
        recorded: Some(10),
        ..state()
    };
    let inactive = || SeatState { is_active: false, ..of(CompletionStatus::Active) };
    let (open, closed) = (date("2026-03-22"), date("2026-03-20"));
    let range = Some((date("2026-03-21"), date("2026-03-23")));
    let table = [
        (of(CompletionStatus::Active), open, Ok(())),
        (of(CompletionStatus::Active), closed, Err(ProgressError::DateNotOpen { open: range })),
        (of(CompletionStatus::Withdrawn), open, Err(ParticipantError::NotParticipating.into())),
        (of(CompletionStatus::Completed), open, Err(ParticipantError::Ended.into())),
        (of(CompletionStatus::Failed), open, Err(ParticipantError::Ended.into())),
        (inactive(), open, Err(ChallengeError::Inactive.into())),
        (inactive(), closed, Err(ChallengeError::Inactive.into())),
    ];
    for (state, day, expected) in table {
        let status = state.participant.completion_status;
        assert_eq!(state.record(day, &eaten(&[], 1)).map(|_| ()), expected, "recorded by {status:?} on {day}");
        assert_eq!(state.delete(day).map(|_| ()), expected, "deleted by {status:?} on {day}");
    }
}

#[test]
fn the_last_open_day_is_the_local_date_of_the_participant() {
    let table = [
        // The easternmost and the westernmost time zone.
        ("Pacific/Kiritimati", "2026-03-23T09:59:59Z", "2026-03-23"),
        ("Pacific/Kiritimati", "2026-03-23T10:00:00Z", "2026-03-24"),
        ("Etc/GMT+12", "2026-03-23T11:59:59Z", "2026-03-22"),
        ("Etc/GMT+12", "2026-03-23T12:00:00Z", "2026-03-23"),
        // Clocks go forward from 2 to 3 at night, which does not move midnight.
        ("Europe/Berlin", "2026-03-28T22:59:59Z", "2026-03-28"),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"),
        ("Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29"),
        ("Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"),
        // Clocks go back.
        ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25"),
        ("Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25"),
        ("Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"),
        ("America/New_York", "2026-03-08T04:59:59Z", "2026-03-07"),
        ("America/New_York", "2026-03-08T05:00:00Z", "2026-03-08"),
        ("America/New_York", "2026-03-09T03:59:59Z", "2026-03-08"),
        ("America/New_York", "2026-03-09T04:00:00Z", "2026-03-09"),
        ("America/New_York", "2026-11-02T04:59:59Z", "2026-11-01"),
        ("America/New_York", "2026-11-02T05:00:00Z", "2026-11-02"),
        // Clocks go forward at midnight: the day begins at one.
        ("Africa/Cairo", "2026-04-23T21:59:59Z", "2026-04-23"),
        ("Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24"),
    ];
    for (zone, now, today) in table {
        let state = SeatState {
            end_date: Some(date("2027-01-01")),
            duration_days: 366,
            time_zone: Zone::named(zone).expect("a zone"),
            now: moment(now),
            ..state()
        };
        let opened = |day: NaiveDate| state.record(day, &eaten(&[], 1)).is_ok();
        let today = date(today);
        let around: Vec<bool> = (-3..=1).map(|offset| opened(today + chrono::TimeDelta::days(offset))).collect();
        assert_eq!(around, [false, true, true, true, false], "{zone} at {now}");
    }
}

/// The days were fixed when the seat was taken, whatever time zone the participant has now.
#[test]
fn without_dates_days_are_those_of_the_seat() {
    let ends_at = Some(days::due(date("2026-03-21")));
    for zone in ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"] {
        let state = SeatState {
            end_date: None,
            duration_days: 2,
            participant: Participant { ends_at, ..state().participant },
            time_zone: Zone::named(zone).expect("a zone"),
            now: moment("2026-03-22T12:00:00Z"),
            ..state()
        };
        let around: Vec<bool> =
            (19..=22).map(|day| state.record(date(&format!("2026-03-{day}")), &eaten(&[], 1)).is_ok()).collect();
        assert_eq!(around[1..], [zone != "Pacific/Kiritimati", true, false], "{zone}");
        assert!(!around[0], "{zone}");
    }
}
