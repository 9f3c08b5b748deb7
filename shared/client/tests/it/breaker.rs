use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Deadline, common};
use orchard_testkit::answer::refused;
use orchard_testkit::cable::Cable;
use orchard_testkit::client::insist;
use orchard_testkit::service::Running;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Client, Count, World, no_database, read, unavailable, write};

/// Starts a replica that refuses calls while `ill` is set.
async fn failing(world: &World, ill: Arc<AtomicBool>, refusal: fn() -> Status) -> anyhow::Result<(Running, Count)> {
    let count = Count::default();
    let counted = count.clone();
    let answer = move |_| {
        counted.add();
        let is_ill = ill.load(Ordering::SeqCst);
        async move { if is_ill { Err(refusal()) } else { Ok(String::new()) } }
    };
    Ok((world.replica(answer).await?, count))
}

/// Asserts that a call is refused without reaching the replica.
async fn assert_open(client: &Client, count: &Count) {
    let before = count.get();
    let status = read(client, "").await.expect_err("the circuit breaker is open");
    assert!(status.get_details_retry_info().and_then(|info| info.retry_delay).is_some_and(|delay| !delay.is_zero()));
    assert_eq!(refused::<()>(Err(status)), unavailable());
    assert_eq!(count.get(), before);
}

#[tokio::test]
async fn the_breaker_opens_for_a_failing_upstream_and_closes_when_it_recovers() -> anyhow::Result<()> {
    let world = World::new()?;
    let ill = Arc::new(AtomicBool::new(true));
    let (replica, count) = failing(&world, Arc::clone(&ill), no_database).await?;
    let client = world.client(&[replica.address])?;
    for calls in 1..=10 {
        assert_eq!(refused(write(&client, "").await), (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned()));
        assert_eq!(count.get(), calls, "the upstream's own refusals are passed on until the breaker opens");
    }
    assert_open(&client, &count).await;
    ill.store(false, Ordering::SeqCst);
    assert_open(&client, &count).await;
    insist(|| write(&client, "")).await?;
    let before = count.get();
    for _ in 0..20 {
        read(&client, "").await?;
    }
    assert_eq!(count.get(), before + 20);
    Ok(())
}

#[tokio::test]
async fn one_failed_call_does_not_open_the_breaker() -> anyhow::Result<()> {
    let world = World::new()?;
    let ill = Arc::new(AtomicBool::new(true));
    let (replica, count) = failing(&world, Arc::clone(&ill), no_database).await?;
    let client = world.client(&[replica.address])?;
    assert!(read(&client, "").await.is_err());
    ill.store(false, Ordering::SeqCst);
    read(&client, "").await?;
    assert_eq!(count.get(), 4);
    Ok(())
}

#[tokio::test]
async fn refusals_do_not_open_the_breaker() -> anyhow::Result<()> {
    let refusals: [fn() -> Status; 5] = [
        || Status::failed_precondition("not now"),
        || Status::deadline_exceeded("late"),
        || common(ErrorReason::Overloaded, "busy").into_status("orchard.test"),
        || common(ErrorReason::Internal, "a fault").into_status("orchard.test"),
        // The replica serves: a third service is away.
        || common(ErrorReason::UpstreamUnavailable, "away").with("upstream", "family").into_status("orchard.test"),
    ];
    let world = World::new()?;
    for refusal in refusals {
        let (replica, count) = failing(&world, Arc::new(AtomicBool::new(true)), refusal).await?;
        let client = world.client(&[replica.address])?;
        for _ in 0..40 {
            assert!(write(&client, "").await.is_err());
        }
        assert_eq!(count.get(), 40, "{:?}", refusal());
        assert!(read(&client, "").await.is_err());
        assert_eq!(count.get(), 41, "a read is not repeated either: {:?}", refusal());
    }
    Ok(())
}

#[tokio::test]
async fn late_calls_do_not_open_the_breaker() -> anyhow::Result<()> {
    let world = World::new()?;
    let count = Count::default();
    let counted = count.clone();
    let answer = move |request: tonic::Request<String>| {
        counted.add();
        async move { if request.get_ref() == "hang" { std::future::pending().await } else { Ok(String::new()) } }
    };
    let replica = world.replica(answer).await?;
    let client = world.client(&[replica.address])?;
    read(&client, "").await?;
    let late = (0..20).map(|_| Deadline::after(Duration::from_millis(700)).scope(read(&client, "hang")));
    for answer in futures::future::join_all(late).await {
        assert_eq!(refused(answer), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    }
    let before = count.get();
    read(&client, "").await?;
    assert_eq!(count.get(), before + 1, "a deadline is its caller's");
    Ok(())
}

#[tokio::test]
async fn a_machine_that_falls_silent_is_found_by_the_ping() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, _count) = world.counting().await?;
    let cable = Cable::to(replica.address).await?;
    let client = world.client(&[cable.address])?;
    read(&client, "").await?;
    cable.fall_silent();
    let waiting = (0..12).map(|_| Deadline::after(Duration::from_secs(60)).scope(write(&client, "")));
    for answer in futures::future::join_all(waiting).await {
        assert_eq!(refused(answer), unavailable(), "long before the deadline");
    }
    Ok(())
}

#[tokio::test]
async fn the_breaker_of_one_replica_leaves_the_others_alone() -> anyhow::Result<()> {
    let world = World::new()?;
    let (ill, asked) = failing(&world, Arc::new(AtomicBool::new(true)), no_database).await?;
    let (well, answered) = world.counting().await?;
    let client = world.client(&[ill.address, well.address])?;
    let mut failures = 0;
    for _ in 0..400 {
        failures += usize::from(write(&client, "").await.is_err());
    }
    assert_eq!((failures, answered.get()), (asked.get(), 400 - failures), "each call reaches one of them");
    assert!((10..40).contains(&failures), "ten, and a probe after each pause: {failures}");
    Ok(())
}
