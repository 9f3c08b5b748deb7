use std::time::Duration;

use futures::StreamExt as _;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Deadline, common};
use orchard_testkit::answer::refused;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::WatchRequest;
use orchard_testkit::service::{Running, free_address};
use tonic::{Code, Request, Status};

use crate::world::{Count, World, no_database, read, unavailable, write};

fn busy(retry_after: Option<Duration>) -> Status {
    let refusal = common(ErrorReason::Overloaded, "busy");
    let refusal = match retry_after {
        Some(delay) => refusal.retry_after(delay),
        None => refusal,
    };
    refusal.into_status("orchard.test")
}

/// Starts a replica that refuses the first `times` calls and counts all calls. Answers hold the number of previous attempts.
async fn refusing(world: &World, times: usize, refusal: fn() -> Status) -> anyhow::Result<(Running, Count)> {
    let count = Count::default();
    let counted = count.clone();
    let answer = move |request: Request<String>| {
        let is_refused = counted.add() < times;
        let previous = request.metadata().get("grpc-previous-rpc-attempts").map(|value| format!("{value:?}"));
        async move { if is_refused { Err(refusal()) } else { Ok(previous.unwrap_or_default()) } }
    };
    Ok((world.replica(answer).await?, count))
}

#[tokio::test]
async fn repetition_depends_on_the_method_and_the_refusal() -> anyhow::Result<()> {
    type Refusing = fn() -> Status;
    let world = World::new()?;
    let cases: [(Refusing, &str, usize, usize); 6] = [
        (no_database, "DATABASE_UNAVAILABLE", 3, 1),
        (|| busy(Some(Duration::from_millis(5))), "OVERLOADED", 3, 1),
        (|| busy(None), "OVERLOADED", 1, 1),
        (|| common(ErrorReason::Internal, "a fault").into_status("orchard.test"), "INTERNAL", 1, 1),
        (|| Status::failed_precondition("not now"), "", 1, 1),
        (|| Status::unknown("unknown"), "", 1, 1),
    ];
    for (refusal, reason, reads, writes) in cases {
        let (replica, count) = refusing(&world, usize::MAX, refusal).await?;
        let client = world.client(&[replica.address])?;
        assert_eq!(refused(read(&client, "").await), (refusal().code(), reason.to_owned()));
        assert_eq!(count.get(), reads, "reads: {:?}", refusal());
        assert_eq!(refused(write(&client, "").await), (refusal().code(), reason.to_owned()));
        assert_eq!(count.get(), reads + writes, "writes: {:?}", refusal());
    }
    Ok(())
}

#[tokio::test]
async fn a_later_attempt_carries_its_number_and_succeeds() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, count) = refusing(&world, 2, no_database).await?;
    let client = world.client(&[replica.address])?;
    assert_eq!(read(&client, "").await?, "\"2\"");
    assert_eq!(count.get(), 3);
    Ok(())
}

#[tokio::test]
async fn the_next_attempt_goes_to_another_replica() -> anyhow::Result<()> {
    let world = World::new()?;
    for _ in 0..8 {
        let (ill, asked) = refusing(&world, usize::MAX, no_database).await?;
        let (well, answered) = world.counting().await?;
        let client = world.client(&[ill.address, well.address])?;
        read(&client, "").await?;
        assert!(asked.get() <= 1 && answered.get() == 1, "{} {}", asked.get(), answered.get());
    }
    Ok(())
}

#[tokio::test]
async fn a_call_that_was_never_sent_goes_to_another_replica_whatever_the_method() -> anyhow::Result<()> {
    let world = World::new()?;
    let (replica, count) = world.counting().await?;
    for calls in 1..=16 {
        let client = world.client(&[free_address(), replica.address])?;
        write(&client, "").await?;
        assert_eq!(count.get(), calls);
    }
    let unreachable = world.client(&[free_address()])?;
    assert_eq!(refused(write(&unreachable, "").await), unavailable());
    assert_eq!(refused(read(&unreachable, "").await), unavailable());
    Ok(())
}

#[tokio::test]
async fn the_retry_budget_bounds_attempts_when_all_fail() -> anyhow::Result<()> {
    let world = World::new()?;
    // The refusals say when to come back and keep the breaker closed, so only the budget limits attempts.
    let (replica, count) = refusing(&world, usize::MAX, || busy(Some(Duration::ZERO))).await?;
    let client = world.client(&[replica.address])?;
    let calls = (0..1_000).map(|_| read(&client, ""));
    let answers: Vec<_> = futures::stream::iter(calls).buffer_unordered(16).collect().await;
    assert!(answers.iter().all(Result::is_err));
    let attempts = count.get();
    assert!((1_100..1_500).contains(&attempts), "{attempts}");
    Ok(())
}

#[tokio::test]
async fn a_stream_is_repeated_only_until_it_has_begun() -> anyhow::Result<()> {
    let world = World::new()?;
    let count = Count::default();
    let counted = count.clone();
    let probe = Probe::new(|_| async { Ok(String::new()) }).watching(move |_| {
        let is_refused = counted.add() < 2;
        async move {
            if is_refused {
                return Err(no_database());
            }
            Ok(futures::stream::iter([Ok("one".to_owned()), Err(no_database())]).boxed())
        }
    });
    let replica = world.serve(probe).await?;
    let mut client = world.client(&[replica.address])?;
    let watch = client.watch(WatchRequest::default());
    let mut texts = Deadline::after(Duration::from_secs(30)).scope(watch).await?.into_inner();
    assert_eq!(texts.message().await?.map(|answer| answer.text), Some("one".to_owned()));
    assert_eq!(refused(texts.message().await), (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned()));
    assert_eq!(count.get(), 3);
    Ok(())
}
