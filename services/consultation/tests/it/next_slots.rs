//! The next free slot, by which the directory is searched: kept by writes, and by a sweep.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use orchard_proto::consultation::v1 as pb;
use pb::ProfessionalSort::NextSlot;
use pb::SearchProfessionalsRequest as Search;
use prost_types::Timestamp;
use tokio::time::sleep;

use crate::availability::{always, midnight, timestamp};
use crate::directory::fill;
use crate::practice::round_the_clock;
use crate::world::Someone::{Operator, User};
use crate::world::{World, flora, id};

impl World {
    /// Returns who has a next slot, in its order, with the hours from now until then.
    async fn in_order(&self, before: Option<DateTime<Utc>>) -> anyhow::Result<Vec<(String, i64)>> {
        let search =
            Search { sort: NextSlot.into(), next_slot_before_time: before.map(timestamp), page_size: 200, ..Default::default() };
        let found = self.search(search).await?.professionals;
        let hours = |time: Timestamp| (time.seconds - Utc::now().timestamp()) / 3_600;
        Ok(found.into_iter().map(|found| (found.professional_id, hours(found.next_slot_time.expect("a time")))).collect())
    }

    /// Waits until a professional's next slot is this many hours away.
    async fn until(&self, professional: &str, hours: i64) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let found = self.in_order(None).await?;
            if found.iter().any(|(id, away)| id == professional && *away == hours) {
                return Ok(());
            }
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(20), "{found:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn professionals_are_found_by_their_next_slot() -> anyhow::Result<()> {
    let world = World::start().await?;
    let later = world.scheduled(pb::Schedule { notice_minutes: 4_320, ..always() }).await?;
    let soon = world.scheduled(always()).await?;
    world.scheduled(pb::Schedule { weekly_windows: vec![], ..always() }).await?;
    world.enter(flora()).await?;
    let both = [(soon.clone(), 0), (later.clone(), 72)];
    assert_eq!(world.in_order(None).await?, both, "neither who is never free, nor who has no schedule");
    assert_eq!(world.in_order(Some(Utc::now() + TimeDelta::days(2))).await?, [(soon.clone(), 0)]);
    assert_eq!(world.in_order(Some(Utc::now() + TimeDelta::days(4))).await?, both);
    assert_eq!(world.in_order(Some(Utc::now() - TimeDelta::days(4))).await?, []);
    let all = world.search(Search::default()).await?.professionals;
    assert_eq!((all.len(), all.iter().filter(|found| found.next_slot_time.is_some()).count()), (4, 2));
    let request = pb::BatchGetNextSlotsRequest { professional_ids: vec![later.clone()] };
    let exact = world.availability(User(id())).batch_get_next_slots(request).await?.into_inner().next_slots;
    let kept = all.iter().find(|found| found.professional_id == later).and_then(|found| found.next_slot_time);
    assert_eq!(kept, exact[0].slot.as_ref().and_then(|slot| slot.start_time));
    Ok(())
}

#[tokio::test]
async fn a_new_schedule_and_a_decision_are_seen_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?.professional_id;
    world.set_schedule(own, &entry, always()).await?;
    assert_eq!(world.in_order(None).await?, [], "pending");
    let before = world.get(own, &entry).await?;
    world.verify(&entry).await?;
    assert_eq!(world.in_order(None).await?, [(entry.clone(), 0)]);
    world.set_schedule(own, &entry, pb::Schedule { notice_minutes: 600, ..always() }).await?;
    assert_eq!(world.in_order(None).await?, [(entry.clone(), 10)]);
    world.set_schedule(own, &entry, pb::Schedule { weekly_windows: vec![], ..always() }).await?;
    assert_eq!(world.in_order(None).await?, []);
    world.suspend(&entry, "Why").await?;
    world.set_schedule(own, &entry, always()).await?;
    assert_eq!(world.in_order(None).await?, [], "suspended");
    world.restore(&entry).await?;
    assert_eq!(world.in_order(None).await?, [(entry.clone(), 0)]);
    assert_eq!(world.get(own, &entry).await?.etag, before.etag, "what the professional states is the same");
    Ok(())
}

#[tokio::test]
async fn the_sweep_sees_that_time_passes_and_what_others_left_out() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (entry, operator) = (world.scheduled(always()).await?, Operator(id()));
    // Two days are held, and free again when nobody writes.
    world.take(&entry, midnight(0), 48, Some("3 seconds")).await?;
    world.set_schedule(operator, &entry, pb::Schedule { horizon_days: 365, ..always() }).await?;
    let found = world.in_order(None).await?;
    assert!(matches!(&found[..], [(found, 23..=47)] if *found == entry), "{found:?}");
    world.until(&entry, 0).await?;

    let client = world.slice.schema.connect().await?;
    let old = "UPDATE next_slots SET next_slot_time = next_slot_time - INTERVAL '7 days', due_at = now()";
    client.batch_execute(old).await?;
    world.until(&entry, 0).await?;
    client.batch_execute("DELETE FROM next_slots").await?;
    world.until(&entry, 0).await?;
    // Without a schedule there is no next slot.
    client.batch_execute("UPDATE health_professionals SET available_time_slots = NULL, updated_at = now()").await?;
    client.batch_execute("UPDATE next_slots SET due_at = now()").await?;
    world.slice.schema.until("SELECT count(*) FROM next_slots", 0).await?;
    assert_eq!(world.in_order(None).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_professional_who_cannot_be_refreshed_keeps_no_other_from_it() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (bad, good) = (world.scheduled(always()).await?, world.scheduled(always()).await?);
    let client = world.slice.schema.connect().await?;
    let refuse = format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         UPDATE next_slots SET next_slot_time = now() + INTERVAL '30 days', due_at = now() - INTERVAL '1 hour'
           WHERE professional_id = '{bad}';
         UPDATE next_slots SET next_slot_time = now() + INTERVAL '30 days', due_at = now() WHERE professional_id = '{good}';
         CREATE TRIGGER refuse BEFORE UPDATE ON next_slots FOR EACH ROW
           WHEN (OLD.professional_id = '{bad}') EXECUTE FUNCTION refuse();"
    );
    client.batch_execute(&refuse).await?;
    world.until(&good, 0).await?;
    client.batch_execute("DROP TRIGGER refuse ON next_slots").await?;
    world.until(&bad, 0).await?;
    Ok(())
}

#[tokio::test]
async fn pages_in_the_order_of_next_slots_are_read_from_an_index() -> anyhow::Result<()> {
    let world = World::start().await?;
    let client = fill(&world, 20_000).await?;
    let slots = "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM health_professionals)
        INSERT INTO next_slots (professional_id, next_slot_time, due_at)
        SELECT id, CASE WHEN n % 10 > 0 THEN date_trunc('day', now()) + n % 997 * INTERVAL '1 hour' END, 'infinity' FROM numbered";
    client.batch_execute(slots).await?;
    client.batch_execute("VACUUM ANALYZE next_slots").await?;
    let rows = client
        .query(
            "SELECT professional_id::text FROM next_slots WHERE next_slot_time IS NOT NULL
            ORDER BY next_slot_time, professional_id DESC LIMIT 600",
            &[],
        )
        .await?;
    let expected: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let (user, mut seen, mut page_token) = (id(), Vec::new(), String::new());
    while seen.len() < 600 {
        let search = Search { sort: NextSlot.into(), page_size: 120, page_token, ..Default::default() };
        let page = world.search_as(user, search).await?;
        seen.extend(page.professionals.into_iter().map(|found| found.professional_id));
        page_token = page.next_page_token;
    }
    assert_eq!(seen, expected);
    let listed = "FROM health_professionals LEFT JOIN next_slots ON professional_id = id
        WHERE verification_status = 'verified' AND is_available AND next_slot_time IS NOT NULL";
    for condition in [
        "TRUE",
        "next_slot_time < now() + INTERVAL '5 days'",
        "next_slot_time >= now() + INTERVAL '20 days' AND (next_slot_time > now() + INTERVAL '20 days' OR id < gen_random_uuid())",
    ] {
        let query = format!("EXPLAIN SELECT id {listed} AND {condition} ORDER BY next_slot_time, id DESC LIMIT 51");
        let plan = client.query(&query, &[]).await?.iter().map(|row| row.get(0)).collect::<Vec<String>>().join("\n");
        assert!(plan.contains("next_slots_by_time_idx") && !plan.contains("Sort"), "{plan}");
    }
    Ok(())
}

/// What is held or booked is not free, and the directory knows it at once.
#[tokio::test]
async fn holds_and_bookings_move_the_next_slot() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    // The first start is a quarter of an hour from being too soon.
    let notice_minutes = 75 - i32::try_from(Utc::now().minute() % 30)?;
    let schedule = pb::Schedule { notice_minutes, ..round_the_clock() };
    let (practice, client) = (world.practice_with(schedule).await?, id());
    let next = async || {
        let search = Search { sort: NextSlot.into(), ..Default::default() };
        let found = world.search(search).await?.professionals.into_iter().next().expect("a professional");
        anyhow::Ok(found.next_slot_time.expect("a time"))
    };
    let first = next().await?;
    let start = DateTime::from_timestamp(first.seconds, 0).expect("a time");
    let later = Timestamp { seconds: first.seconds + 30 * 60, nanos: 0 };
    let hold = world.hold(client, &practice, start).await?;
    assert_eq!(next().await?, later, "held");
    world.release(client, &hold).await?;
    assert_eq!(next().await?, first, "released");
    let session = world.book(client, &practice, start).await?;
    assert_eq!(next().await?, later, "booked");
    world.cancel(client, &session).await?;
    assert_eq!(next().await?, first, "cancelled");
    Ok(())
}
