use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use orchard_rpc::Deadline;
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
    let world = World::new()?;
    let ill = Arc::new(AtomicBool::new(true));
    let (replica, count) = failing(&world, ill, || Status::failed_precondition("not now")).await?;
    let client = world.client(&[replica.address])?;
    for _ in 0..40 {
        assert!(write(&client, "").await.is_err());
    }
    assert_eq!(count.get(), 40);
    Ok(())
}

#[tokio::test]
async fn the_breaker_opens_for_an_upstream_that_hangs() -> anyhow::Result<()> {
    let world = World::new()?;
    let count = Count::default();
    let counted = count.clone();
    let hang = move |_| {
        counted.add();
        futures::future::pending()
    };
    let replica = world.replica(hang).await?;
    let client = world.client(&[replica.address])?;
    // Calls that have too little time do not count.
    let hasty = (0..20).map(|_| Deadline::after(Duration::from_millis(30)).scope(read(&client, "")));
    assert!(futures::future::join_all(hasty).await.iter().all(Result::is_err));
    assert_all_late(&client).await;
    assert_open(&client, &count).await;
    Ok(())
}

#[tokio::test]
async fn the_breaker_opens_for_a_machine_that_hangs() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, count) = world.counting().await?;
    let cable = Cable::to(replica.address).await?;
    let client = world.client(&[cable.address])?;
    read(&client, "").await?;
    cable.fall_silent();
    assert_all_late(&client).await;
    assert_open(&client, &count).await;
    Ok(())
}

/// Makes enough calls with enough time to open the breaker, and asserts that all of them are late.
async fn assert_all_late(client: &Client) {
    let waiting = (0..12).map(|_| Deadline::after(Duration::from_millis(800)).scope(read(client, "")));
    for answer in futures::future::join_all(waiting).await {
        assert_eq!(refused(answer), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    }
}
