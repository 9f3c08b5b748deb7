//! Which days can be recorded, by the local dates of users.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::refusal;
use uuid::Uuid;

use crate::world::{World, id, new_challenge};

impl World {
    /// Moves the clock of the service to a later moment.
    fn set_clock(&self, moment: &str) -> anyhow::Result<()> {
        let by = moment.parse::<DateTime<Utc>>()? - (Utc::now() + self.clock.ahead());
        self.clock.advance(by.to_std()?);
        Ok(())
    }

    async fn move_to(&self, user: Uuid, time_zone: &str) -> anyhow::Result<()> {
        let profile = pb::Profile { time_zone: time_zone.to_owned(), ..Default::default() };
        self.change(user, profile, &["time_zone"]).await?;
        Ok(())
    }

    /// Creates a challenge with these days, at any time.
    async fn challenge(&self, first: NaiveDate, duration_days: i32) -> anyhow::Result<String> {
        let challenge = self.create(id(), pb::CreateChallengeRequest { duration_days, ..new_challenge() }).await?.challenge_id;
        let last = first + TimeDelta::days(i64::from(duration_days) - 1);
        let set = "UPDATE community_challenges SET start_date = $1, end_date = $2, updated_at = now() WHERE id = $3";
        self.slice.schema.connect().await?.execute(set, &[&first, &last, &challenge.parse::<Uuid>()?]).await?;
        Ok(challenge)
    }

    /// Returns which of these days can be recorded, and deletes them again.
    async fn open(&self, user: Uuid, challenge: &str, days: &[NaiveDate]) -> anyhow::Result<Vec<NaiveDate>> {
        let mut open = Vec::new();
        for day in days {
            match self.record(user, challenge, *day, &[("apple", 5)], 0).await {
                Ok(_) => open.push(*day),
                // A challenge that is due may be finalised meanwhile.
                Err(status) => {
                    assert!(
                        matches!(refusal(&status).reason.as_str(), "DATE_NOT_OPEN" | "PARTICIPATION_ENDED"),
                        "{day}: {status}"
                    );
                }
            }
        }
        for day in &open {
            self.delete(user, challenge, *day).await?;
        }
        Ok(open)
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Returns a year that is far enough in the future.
fn year() -> i32 {
    Utc::now().year() + 10
}

fn days(first: NaiveDate, count: i64) -> Vec<NaiveDate> {
    (0..count).map(|offset| first + TimeDelta::days(offset)).collect()
}

#[tokio::test]
async fn days_open_one_by_one_and_close_two_days_late() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    // Over the leap day.
    let year = (year()..).find(|year| NaiveDate::from_ymd_opt(*year, 2, 29).is_some()).expect("a leap year");
    let first = day(&format!("{year}-02-28"));
    let challenge = world.challenge(first, 3).await?;
    world.join(user, &challenge).await?;
    let all = days(first - TimeDelta::days(2), 8);
    // Open days on each day from the one before the first to the third after the last. 2, 3 and 4 are 02-28, 02-29 and 03-01.
    let open: [&[usize]; 7] = [&[], &[2], &[2, 3], &[2, 3, 4], &[3, 4], &[4], &[]];
    for (offset, open) in (-1..).zip(open) {
        world.set_clock(&format!("{}T12:00:00Z", first + TimeDelta::days(offset)))?;
        let expected: Vec<_> = open.iter().map(|index| all[*index]).collect();
        assert_eq!(world.open(user, &challenge, &all).await?, expected, "{offset} days after the first");
    }
    Ok(())
}

#[tokio::test]
async fn days_open_and_close_by_local_time() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let first = day(&format!("{}-06-10", year()));
    let challenge = world.challenge(first, 1).await?;
    let (ahead, behind, mover) = (id(), id(), id());
    for user in [ahead, behind, mover] {
        world.join(user, &challenge).await?;
    }
    world.move_to(ahead, "Pacific/Kiritimati").await?;
    world.move_to(behind, "Etc/GMT+12").await?;
    let open = async |user| anyhow::Ok(!world.open(user, &challenge, &[first]).await?.is_empty());
    let before = first - TimeDelta::days(1);
    // Around the beginning of the day in UTC+14, UTC and UTC-12, and around its end with the two late days.
    let table = [
        (format!("{before}T09:55:00Z"), [false, false, false]),
        (format!("{before}T10:05:00Z"), [true, false, false]),
        (format!("{before}T23:55:00Z"), [true, false, false]),
        (format!("{first}T00:05:00Z"), [true, true, false]),
        (format!("{first}T11:55:00Z"), [true, true, false]),
        (format!("{first}T12:05:00Z"), [true, true, true]),
        (format!("{}T09:55:00Z", first + TimeDelta::days(2)), [true, true, true]),
        (format!("{}T10:05:00Z", first + TimeDelta::days(2)), [false, true, true]),
        (format!("{}T00:05:00Z", first + TimeDelta::days(3)), [false, false, true]),
        (format!("{}T11:55:00Z", first + TimeDelta::days(3)), [false, false, true]),
        (format!("{}T12:05:00Z", first + TimeDelta::days(3)), [false, false, false]),
    ];
    for (moment, expected) in table {
        world.set_clock(&moment)?;
        assert_eq!([open(ahead).await?, open(mover).await?, open(behind).await?], expected, "{moment}");
        // A user who moves to another time zone has its dates.
        world.move_to(mover, "Pacific/Kiritimati").await?;
        assert_eq!(open(mover).await?, expected[0], "{moment}, there");
        world.move_to(mover, "UTC").await?;
    }
    Ok(())
}

/// The last Sunday of a month.
fn last_sunday(year: i32, month: u32) -> NaiveDate {
    let days = (1..=31).rev().filter_map(|day| NaiveDate::from_ymd_opt(year, month, day));
    days.into_iter().find(|day| day.weekday() == chrono::Weekday::Sun).expect("a Sunday")
}

#[tokio::test]
async fn days_on_which_clocks_change_begin_and_end_at_local_midnight() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let (spring, autumn) = (last_sunday(year(), 3), last_sunday(year(), 10));
    let mut challenges = Vec::new();
    for change in [spring, autumn] {
        challenges.push(world.challenge(change - TimeDelta::days(3), 10).await?);
        world.join(user, challenges.last().expect("one")).await?;
    }
    world.move_to(user, "Europe/Berlin").await?;
    let (saturday, sunday) = (spring - TimeDelta::days(1), autumn);
    // Days of 23 and of 25 hours. Berlin is one hour ahead of UTC in winter, and two in summer.
    let table = [
        (&challenges[0], format!("{saturday}T22:55:00Z"), saturday),
        (&challenges[0], format!("{saturday}T23:05:00Z"), spring),
        (&challenges[0], format!("{spring}T21:55:00Z"), spring),
        (&challenges[0], format!("{spring}T22:05:00Z"), spring + TimeDelta::days(1)),
        (&challenges[1], format!("{}T21:55:00Z", sunday - TimeDelta::days(1)), sunday - TimeDelta::days(1)),
        (&challenges[1], format!("{}T22:05:00Z", sunday - TimeDelta::days(1)), sunday),
        (&challenges[1], format!("{sunday}T22:55:00Z"), sunday),
        (&challenges[1], format!("{sunday}T23:05:00Z"), sunday + TimeDelta::days(1)),
    ];
    for (challenge, moment, today) in table {
        world.set_clock(&moment)?;
        let around = days(today - TimeDelta::days(3), 5);
        assert_eq!(world.open(user, challenge, &around).await?, around[1..4], "{moment}");
    }
    Ok(())
}

#[tokio::test]
async fn without_dates_days_stay_those_of_the_seat() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let request = pb::CreateChallengeRequest { start_date: None, duration_days: 2, ..new_challenge() };
    let challenge = world.create(id(), request).await?.challenge_id;
    let first = day(&format!("{}-06-10", year()));
    world.set_clock(&format!("{first}T20:00:00Z"))?;
    world.join(user, &challenge).await?;
    let all = days(first - TimeDelta::days(2), 6);
    assert_eq!(world.open(user, &challenge, &all).await?, all[2..3]);
    world.clock.advance(Duration::from_secs(2 * 24 * 3600));
    assert_eq!(world.open(user, &challenge, &all).await?, all[2..4], "two days, on the third");
    // In Tokyo today is the 13th, which closes the 10th and opens no other day.
    world.move_to(user, "Asia/Tokyo").await?;
    assert_eq!(world.open(user, &challenge, &all).await?, all[3..4]);
    world.move_to(user, "UTC").await?;
    world.clock.advance(Duration::from_secs(2 * 24 * 3600));
    assert_eq!(world.open(user, &challenge, &all).await?, []);
    Ok(())
}
