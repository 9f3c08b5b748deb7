//! Many who want the same time.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::refused;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::failed;
use crate::practice::{hours, round_the_clock};
use crate::world::{World, id, insist};

/// No two sessions or holds of one professional or of one client at the same time.
const OVERLAPS: &str = "SELECT count(*) FROM time_claims a JOIN time_claims b ON a.id < b.id
    AND (a.professional_id = b.professional_id AND tstzrange(a.taken_from, a.taken_to) && tstzrange(b.taken_from, b.taken_to)
      OR a.user_id = b.user_id AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at))";
/// Sessions to come without time, and time of no session.
const LOST: &str = "SELECT (SELECT count(*) FROM consultation_sessions s WHERE session_status <> 'cancelled'
      AND NOT EXISTS (SELECT FROM time_claims c WHERE c.id = s.id AND c.starts_at = s.session_date))
    + (SELECT count(*) FROM time_claims c WHERE expires_at IS NULL
      AND NOT EXISTS (SELECT FROM consultation_sessions s WHERE s.id = c.id AND session_status <> 'cancelled'))";

/// Counts how calls ended: how many succeeded, and how many were refused for each reason.
fn tally<T: std::fmt::Debug>(results: Vec<Result<T, Status>>) -> (usize, BTreeMap<String, usize>) {
    let (made, refusals): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let mut reasons = BTreeMap::new();
    for refusal in refusals {
        let (code, reason) = refused(refusal);
        *reasons.entry(format!("{code:?} {reason}")).or_default() += 1;
    }
    (made.len(), reasons)
}

fn reasons(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(reason, count)| (format!("FailedPrecondition {reason}"), *count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_clients_one_gets_the_slot() -> anyhow::Result<()> {
    let world = Arc::new(World::with_family().await?);
    let practice = world.practice().await?;
    let mut clients = JoinSet::new();
    for client in 0..60 {
        let (world, practice) = (Arc::clone(&world), practice.clone());
        // Some hold it, others book it.
        clients.spawn(async move {
            match client % 3 {
                0 => insist(|| world.hold(id(), &practice, hours(24))).await.map(drop),
                _ => insist(|| world.book(id(), &practice, hours(24))).await.map(drop),
            }
        });
    }
    assert_eq!(tally(clients.join_all().await), (1, reasons(&[("SLOT_TAKEN", 59)])));
    assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_overlap_in_part_exclude_each_other() -> anyhow::Result<()> {
    let world = Arc::new(World::with_family().await?);
    let schedule = pb::Schedule { step_minutes: 5, buffer_before_minutes: 5, buffer_after_minutes: 10, ..round_the_clock() };
    let practice = world.practice_with(schedule).await?;
    let mut clients = JoinSet::new();
    for client in 0..60 {
        let (world, practice) = (Arc::clone(&world), practice.clone());
        clients.spawn(async move {
            let start = hours(24) + TimeDelta::minutes(5 * (client % 12));
            insist(|| world.book(id(), &practice, start)).await
        });
    }
    let (made, refusals) = tally(clients.join_all().await);
    // In these 85 minutes one or two sessions of 45 minutes with their buffers fit.
    assert!((1..=2).contains(&made), "{made}");
    assert_eq!(refusals, reasons(&[("SLOT_TAKEN", 60 - made)]));
    assert_eq!((world.count(OVERLAPS).await?, world.count(LOST).await?), (0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_with_one_professional_at_a_time() -> anyhow::Result<()> {
    let world = Arc::new(World::with_family().await?);
    let (client, mut calls) = (id(), JoinSet::new());
    for _ in 0..8 {
        let practice = world.practice().await?;
        let world = Arc::clone(&world);
        calls.spawn(async move { insist(|| world.book(client, &practice, hours(24))).await });
    }
    assert_eq!(tally(calls.join_all().await), (1, reasons(&[("CLIENT_BUSY", 7)])));
    assert_eq!((world.count(OVERLAPS).await?, world.count(LOST).await?), (0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crossing_moves_leave_each_session_at_one_time() -> anyhow::Result<()> {
    let world = Arc::new(World::with_family().await?);
    let practice = world.practice().await?;
    let mut sessions = Vec::new();
    for hour in 0..8 {
        let client = id();
        sessions.push((client, world.book(client, &practice, hours(24 + hour)).await?));
    }
    let mut moves = JoinSet::new();
    // Each wants the next one's place, and all the one place that is free, twice.
    for (place, (client, session)) in sessions.iter().enumerate() {
        for to in [sessions[(place + 1) % 8].1.start_time.expect("a start").seconds, hours(40).timestamp(), hours(40).timestamp()]
        {
            let (world, client, session) = (Arc::clone(&world), *client, session.clone());
            let to = chrono::DateTime::from_timestamp(to, 0).expect("a time");
            moves.spawn(async move { insist(|| world.reschedule(client, &session, to)).await });
        }
    }
    let (made, refusals) = tally(moves.join_all().await);
    let allowed = ["FailedPrecondition SLOT_TAKEN", "Aborted SESSION_MOVED"];
    assert!(refusals.keys().all(|reason| allowed.contains(&reason.as_str())), "{refusals:?}");
    assert!(made >= 1, "the free place is taken");
    assert_eq!((world.count(OVERLAPS).await?, world.count(LOST).await?), (0, 0));
    assert_eq!(world.count("SELECT sum(revision) FROM consultation_sessions").await?, i64::try_from(made)?);
    Ok(())
}

/// Holds expire while their holders book them and others want the same slot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expiring_hold_becomes_one_session_at_most() -> anyhow::Result<()> {
    let world = Arc::new(World::with_family().await?);
    let practice = world.practice().await?;
    for round in 0..10 {
        let (holder, start) = (id(), hours(24 + round));
        world.hold(holder, &practice, start).await?;
        let expire = {
            let client = world.slice.schema.connect().await?;
            async move { client.batch_execute("UPDATE time_claims SET expires_at = now() WHERE expires_at > now()").await }
        };
        let own = world.book(holder, &practice, start);
        let (expired, own, first, second) =
            tokio::join!(expire, own, world.book(id(), &practice, start), world.book(id(), &practice, start));
        expired?;
        let (made, refusals) = tally(vec![own, first, second]);
        assert_eq!((made, refusals), (1, reasons(&[("SLOT_TAKEN", 2)])), "{round}");
    }
    assert_eq!((world.count(OVERLAPS).await?, world.count(LOST).await?), (0, 0));
    Ok(())
}

/// Everything at once, for a while. The constraints are looked at afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_bookings_leaves_no_overlap() -> anyhow::Result<()> {
    let world = Arc::new(World::with_family().await?);
    let practices = [world.practice().await?, world.practice().await?];
    let clients = [id(), id(), id(), id()];
    let mut storms = JoinSet::new();
    for seed in 0..8 {
        let (world, practices) = (Arc::clone(&world), practices.clone());
        storms.spawn(async move {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut results: Vec<Result<(), Status>> = Vec::new();
            let mut mine: Vec<(uuid::Uuid, pb::Session)> = Vec::new();
            for _ in 0..20 {
                let (client, practice) = (clients[random.usize(..4)], &practices[random.usize(..2)]);
                let start = hours(24 + random.i64(0..6));
                let done = match (random.u8(..5), random.usize(..=mine.len())) {
                    (0, _) => insist(|| world.hold(client, practice, start)).await.map(drop),
                    (1, one) if one < mine.len() => insist(|| world.reschedule(mine[one].0, &mine[one].1, start)).await.map(drop),
                    (2, one) if one < mine.len() => insist(|| world.cancel(mine[one].0, &mine[one].1)).await.map(drop),
                    _ => insist(|| world.book(client, practice, start)).await.map(|session| mine.push((client, session))),
                };
                results.push(done);
            }
            results
        });
    }
    let results = storms.join_all().await.into_iter().flatten().collect();
    let (made, refusals) = tally(results);
    let expected = [
        failed("SLOT_TAKEN"),
        failed("CLIENT_BUSY"),
        failed("WRONG_SESSION_STATUS"),
        (Code::Aborted, "SESSION_MOVED".to_owned()),
        (Code::InvalidArgument, "FIELDS_INVALID".to_owned()),
        (Code::ResourceExhausted, "TOO_MANY_HOLDS".to_owned()),
        (Code::ResourceExhausted, "TOO_MANY_SESSIONS".to_owned()),
    ];
    let expected: Vec<String> = expected.iter().map(|(code, reason)| format!("{code:?} {reason}")).collect();
    assert!(refusals.keys().all(|reason| expected.contains(reason)), "{refusals:?}");
    assert!(made > 0);
    assert_eq!((world.count(OVERLAPS).await?, world.count(LOST).await?), (0, 0));
    Ok(())
}
