//! Next slots of many professionals at once.

use std::time::{Duration, Instant};

use chrono::Utc;
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::violations;
use tokio::task::JoinSet;

use crate::availability::{always, weekly};
use crate::world::Someone::{Operator, User};
use crate::world::{World, flora, id, strings};

#[tokio::test]
async fn the_next_slots_of_many_are_found_in_one_call() -> anyhow::Result<()> {
    let world = World::start().await?;
    let unset = world.create(Operator(id()), flora()).await?.professional_id;
    world.verify(&unset).await?;
    let pending = world.create(User(id()), flora()).await?.professional_id;
    let now = world.scheduled(always()).await?;
    let later = world.scheduled(pb::Schedule { notice_minutes: 43_200, ..always() }).await?;
    let never = world.scheduled(pb::Schedule { weekly_windows: vec![], ..always() }).await?;
    let batch = async |ids: &[&str]| {
        let request = pb::BatchGetNextSlotsRequest { professional_ids: strings(ids) };
        world.availability(User(id())).batch_get_next_slots(request).await.map(|answer| answer.into_inner().next_slots)
    };
    let found = batch(&[&unset, &pending, &now, &later, &never, &now]).await?;
    assert!(found.is_sorted_by_key(|next| next.professional_id.clone()));
    let days = |professional: &str| {
        let next = found.iter().find(|next| next.professional_id == professional)?;
        Some(next.slot.as_ref().map(|slot| (slot.start_time.expect("a time").seconds - Utc::now().timestamp()) / 86_400))
    };
    assert_eq!((days(&now), days(&unset), days(&never), days(&pending)), (Some(Some(0)), Some(None), Some(None), None));
    assert!(matches!(days(&later), Some(Some(29 | 30))), "{found:?}");
    assert_eq!(violations(batch(&[]).await), ["professional_ids"]);
    let many: Vec<String> = (0..101).map(|_| id().to_string()).collect();
    assert_eq!(violations(batch(&many.iter().map(String::as_str).collect::<Vec<_>>()).await), ["professional_ids"]);
    assert_eq!(batch(&many[1..].iter().map(String::as_str).collect::<Vec<_>>()).await?, []);
    Ok(())
}

/// Others are served while many schedules without a free slot are looked through.
#[tokio::test]
async fn next_slots_of_many_keep_nobody_waiting() -> anyhow::Result<()> {
    let world = World::start().await?;
    let hours = |day| (0..24).map(move |hour| weekly(day, &format!("{hour:02}:00"), &format!("{:02}:00", hour + 1)));
    let never = pb::Schedule {
        weekly_windows: (1..=7).flat_map(hours).collect(),
        slot_minutes: 480,
        step_minutes: 5,
        max_per_day: Some(1),
        ..always()
    };
    let mut entries = Vec::new();
    for _ in 0..20 {
        entries.push(world.scheduled(never.clone()).await?);
    }
    let client = world.slice.schema.connect().await?;
    let all = "WITH clients AS (INSERT INTO users (id) SELECT id FROM health_professionals RETURNING id)
        INSERT INTO time_claims (id, professional_id, user_id, starts_at, ends_at, taken_from, taken_to)
        SELECT gen_random_uuid(), id, id, start, start + INTERVAL '1 hour', start, start + INTERVAL '1 hour'
        FROM clients, generate_series(date_trunc('day', now(), 'UTC'), now() + INTERVAL '64 days', INTERVAL '1 day') AS start";
    client.batch_execute(all).await?;
    let request = pb::BatchGetNextSlotsRequest { professional_ids: entries };
    let mut caller = world.availability(User(id()));
    let begun = Instant::now();
    let mut call = JoinSet::new();
    call.spawn(async move { caller.batch_get_next_slots(request).await });
    let mut longest = Duration::ZERO;
    let answer = loop {
        let waited = Instant::now();
        tokio::task::yield_now().await;
        longest = longest.max(waited.elapsed());
        if let Some(answer) = call.try_join_next() {
            break answer;
        }
    };
    let took = begun.elapsed();
    let found = answer??.into_inner().next_slots;
    assert!(found.len() == 20 && found.iter().all(|next| next.slot.is_none()), "{found:?}");
    // The service runs on this thread, so it waits for each step of the call.
    assert!(longest < took / 4, "{longest:?} of {took:?}");
    Ok(())
}
