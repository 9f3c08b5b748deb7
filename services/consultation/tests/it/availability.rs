//! The slots that schedules offer.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use prost_types::Timestamp;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::Someone::{self, Operator, User};
use crate::world::{World, flora, id};

pub fn weekly(weekday: i32, start: &str, end: &str) -> pb::WeeklyWindow {
    pb::WeeklyWindow { weekday, start: start.to_owned(), end: end.to_owned() }
}

/// Always open, in UTC, by the hour.
pub fn always() -> pb::Schedule {
    pb::Schedule {
        time_zone: "UTC".to_owned(),
        weekly_windows: (1..=7).map(|day| weekly(day, "00:00", "24:00")).collect(),
        overrides: vec![],
        slot_minutes: 60,
        step_minutes: 60,
        buffer_before_minutes: 0,
        buffer_after_minutes: 0,
        notice_minutes: 0,
        horizon_days: 366,
        max_per_day: None,
        etag: String::new(),
    }
}

/// 00:00 in UTC, so many days from now.
pub fn midnight(days: u64) -> DateTime<Utc> {
    (Utc::now().date_naive() + Days::new(days)).and_time(NaiveTime::MIN).and_utc()
}

pub fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: moment.timestamp(), nanos: 0 }
}

impl World {
    /// Enters a verified professional with a schedule.
    pub async fn scheduled(&self, schedule: pb::Schedule) -> anyhow::Result<String> {
        let operator = Operator(id());
        let entry = self.create(operator, flora()).await?.professional_id;
        self.verify(&entry).await?;
        self.set_schedule(operator, &entry, schedule).await?;
        Ok(entry)
    }

    async fn slots_page(
        &self,
        caller: Someone,
        request: pb::ListAvailableSlotsRequest,
    ) -> Result<pb::ListAvailableSlotsResponse, Status> {
        Ok(self.availability(caller).list_available_slots(request).await?.into_inner())
    }

    /// Lists the starts within some hours, in hours after `from`.
    pub async fn hours(&self, professional: &str, from: DateTime<Utc>, hours: i64) -> Result<Vec<i64>, Status> {
        let request = pb::ListAvailableSlotsRequest {
            professional_id: professional.to_owned(),
            from_time: Some(timestamp(from)),
            to_time: Some(timestamp(from + TimeDelta::hours(hours))),
            page_size: 200,
            page_token: String::new(),
        };
        let start = |slot: pb::Slot| (slot.start_time.expect("a time").seconds - from.timestamp()) / 3_600;
        Ok(self.slots_page(User(id()), request).await?.slots.into_iter().map(start).collect())
    }

    /// Takes time of a professional: from and to with buffers, and when it ends, if it is a hold.
    pub async fn take(&self, professional: &str, from: DateTime<Utc>, hours: i64, hold: Option<&str>) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        let user = id();
        client.execute("INSERT INTO users (id) VALUES ($1)", &[&user]).await?;
        let (expires, held) =
            hold.map_or(("NULL".to_owned(), "NULL, NULL"), |after| (format!("now() + INTERVAL '{after}'"), "$3, 0"));
        let claim = format!(
            "INSERT INTO time_claims (id, professional_id, user_id, starts_at, ends_at, buffer_before_minutes, taken_from, taken_to,
               expires_at, held_by, held_price) VALUES ($1, $2, $3, $4, $5, 60, $6, $5, {expires}, {held})"
        );
        let to = from + TimeDelta::hours(hours);
        let before = from - TimeDelta::hours(1);
        client.execute(&claim, &[&id(), &professional.parse::<Uuid>()?, &user, &from, &to, &before]).await?;
        Ok(())
    }
}

#[tokio::test]
async fn taken_time_is_not_offered_and_expired_holds_are_free() -> anyhow::Result<()> {
    let world = World::start().await?;
    let day = midnight(2);
    let entry = world.scheduled(always()).await?;
    assert_eq!(world.hours(&entry, day, 24).await?, (0..24).collect::<Vec<_>>());
    let at = |hour| day + TimeDelta::hours(hour);
    // Each has a buffer of an hour before it. The first one ends when the range begins, and the last one's buffer reaches into it.
    for (hour, hours, hold) in
        [(-1, 1, None), (5, 2, None), (10, 1, Some("5 minutes")), (15, 1, Some("-1 second")), (24, 1, None)]
    {
        world.take(&entry, at(hour), hours, hold).await?;
    }
    let free: Vec<i64> = (0..23).filter(|hour| ![4, 5, 6, 9, 10].contains(hour)).collect();
    assert_eq!(world.hours(&entry, day, 24).await?, free);
    let limited = world.scheduled(pb::Schedule { max_per_day: Some(2), ..always() }).await?;
    world.take(&limited, at(3), 1, None).await?;
    world.take(&limited, at(8), 1, Some("5 minutes")).await?;
    assert_eq!(world.hours(&limited, at(12), 36).await?, (12..36).collect::<Vec<_>>(), "the count is of the date");
    Ok(())
}

/// A day with the longest buffers ends long after it has begun.
#[tokio::test]
async fn a_long_session_that_began_before_the_range_takes_its_time_in_it() -> anyhow::Result<()> {
    let world = World::start().await?;
    let buffered = pb::Schedule { buffer_before_minutes: 240, ..always() };
    let (bare, buffered) = (world.scheduled(always()).await?, world.scheduled(buffered).await?);
    let day = midnight(4);
    let client = world.slice.schema.connect().await?;
    for entry in [&bare, &buffered] {
        // With its buffers it takes the first quarter of an hour of the range.
        let claim = "WITH user_of AS (INSERT INTO users (id) VALUES ($1) RETURNING id)
            INSERT INTO time_claims (id, professional_id, user_id, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes,
              taken_from, taken_to)
            SELECT id, $2, id, $3::timestamptz, $3::timestamptz + INTERVAL '1440 min', 240, 240,
              $3::timestamptz - INTERVAL '240 min', $3::timestamptz + INTERVAL '1680 min' FROM user_of";
        let start = day - TimeDelta::minutes(1_440 + 240 - 15);
        client.execute(claim, &[&id(), &entry.parse::<Uuid>()?, &start]).await?;
    }
    assert_eq!(world.hours(&bare, day, 24).await?, (1..24).collect::<Vec<_>>());
    assert_eq!(world.hours(&buffered, day, 24).await?, (5..24).collect::<Vec<_>>(), "both buffers count");
    Ok(())
}

#[tokio::test]
async fn slots_come_in_pages_with_their_zone() -> anyhow::Result<()> {
    let world = World::start().await?;
    let entry = world.scheduled(always()).await?;
    let (user, from) = (User(id()), midnight(3));
    let mut request = pb::ListAvailableSlotsRequest {
        professional_id: entry.clone(),
        from_time: Some(timestamp(from)),
        to_time: Some(timestamp(from + TimeDelta::days(3))),
        page_size: 10,
        page_token: String::new(),
    };
    let mut starts = Vec::new();
    loop {
        let page = world.slots_page(user, request.clone()).await?;
        assert_eq!(page.time_zone, "UTC");
        for slot in page.slots {
            let (start, end) = (slot.start_time.expect("a time").seconds, slot.end_time.expect("a time").seconds);
            assert_eq!(end - start, 3_600);
            starts.push((start - from.timestamp()) / 3_600);
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(starts, (0..72).collect::<Vec<_>>());
    let other = pb::ListAvailableSlotsRequest { to_time: Some(timestamp(from + TimeDelta::days(4))), ..request };
    assert_eq!(violations(world.slots_page(user, other).await), ["page_token"]);
    Ok(())
}

#[tokio::test]
async fn a_range_is_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, from) = (User(id()), midnight(1));
    let range = |from: Option<Timestamp>, to: Option<Timestamp>| pb::ListAvailableSlotsRequest {
        professional_id: id().to_string(),
        from_time: from,
        to_time: to,
        page_size: 0,
        page_token: String::new(),
    };
    let at = |days| Some(timestamp(from + TimeDelta::days(days)));
    let too_long = Some(Timestamp { nanos: 1, ..timestamp(from + TimeDelta::days(62)) });
    for (request, paths) in [
        (range(None, None), &["from_time", "to_time"][..]),
        (range(at(1), at(1)), &["to_time"]),
        (range(at(0), at(-1)), &["to_time"]),
        (range(at(0), too_long), &["to_time"]),
        (range(Some(Timestamp { seconds: i64::MAX, nanos: -1 }), at(1)), &["from_time"]),
        (pb::ListAvailableSlotsRequest { page_size: -1, ..range(at(0), at(1)) }, &["page_size"]),
    ] {
        assert_eq!(violations(world.slots_page(user, request.clone()).await), paths, "{request:?}");
    }
    let unknown = world.slots_page(user, range(at(0), at(62))).await;
    assert_eq!(refused(unknown), (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn only_the_verified_and_available_have_slots() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?.professional_id;
    let range = pb::ListAvailableSlotsRequest {
        professional_id: entry.clone(),
        from_time: Some(timestamp(midnight(1))),
        to_time: Some(timestamp(midnight(3))),
        page_size: 0,
        page_token: String::new(),
    };
    let slots = async |caller| world.slots_page(caller, range.clone()).await.map(|page| page.slots.len());
    let unseen = (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned());
    world.set_schedule(own, &entry, always()).await?;
    assert_eq!((slots(own).await?, refused(slots(User(id())).await)), (0, unseen.clone()), "pending");
    world.verify(&entry).await?;
    assert_eq!((slots(own).await?, slots(User(id())).await?), (48, 48));
    world.suspend(&entry, "Why").await?;
    assert_eq!((slots(own).await?, refused(slots(User(id())).await)), (0, unseen), "suspended");
    Ok(())
}
