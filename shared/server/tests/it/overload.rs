use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use orchard_testkit::answer::refused;
use orchard_testkit::neighbours::Target;
use orchard_testkit::probe::pb::ReadRequest;
use orchard_testkit::probe::{Probe, Watched};
use orchard_testkit::raw::{Raw, end, frame, framed};
use orchard_testkit::service::channel;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};
use tonic::{Code, Request};
use tonic_health::ServingStatus;
use tonic_types::StatusExt as _;

use crate::world::{Gate, World, read, watch, within};

/// Time limit of everything here that must end.
const SOON: Duration = Duration::from_secs(20);

fn overloaded() -> (Code, String) {
    (Code::ResourceExhausted, "OVERLOADED".to_owned())
}

#[tokio::test]
async fn calls_beyond_the_limit_are_refused_and_health_is_not() -> anyhow::Result<()> {
    let gate = Gate::new();
    let world = World::with(gate.probe(), |limits| limits.max_calls = Some(4)).await?;
    let client = world.client()?;
    let mut waiting = JoinSet::new();
    for _ in 0..4 {
        let mut client = client.clone();
        waiting.spawn(async move { read(&mut client, "wait").await });
    }
    gate.waited_for(4).await;
    for _ in 0..16 {
        let status = read(&mut client.clone(), "one too many").await.expect_err("a limit");
        assert!(status.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()), "{status:?}");
        assert_eq!(refused::<()>(Err(status)), overloaded());
    }
    world.running.wait_for(ServingStatus::Serving).await?;
    gate.open.add_permits(4);
    while let Some(answer) = waiting.join_next().await {
        assert_eq!(answer??, "wait");
    }
    assert_eq!(world.read("room again").await?, "room again");
    Ok(())
}

#[tokio::test]
async fn a_slow_sender_does_not_take_up_capacity() -> anyhow::Result<()> {
    let world = World::with(Gate::new().probe(), |limits| limits.max_calls = Some(1)).await?;
    let raw = world.raw().await?;
    let (slow, mut message) = raw.begin("Read", &[]).await?;
    let whole = framed("at last");
    message.send_data(whole.slice(..7), false)?;
    assert_eq!(timeout(SOON, world.read("meanwhile")).await??, "meanwhile");
    message.send_data(whole.slice(7..), true)?;
    assert_eq!(slow.await?.status(), http::StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn a_call_whose_caller_hangs_up_frees_its_capacity() -> anyhow::Result<()> {
    let gate = Gate::new();
    let world = World::with(gate.probe(), |limits| limits.max_calls = Some(1)).await?;
    let raw = world.raw().await?;
    let (_answer, mut message) = raw.begin("Read", &[]).await?;
    message.send_data(framed("wait"), true)?;
    gate.waited_for(1).await;
    assert_eq!(refused(world.read("no room").await), overloaded());
    message.send_reset(h2::Reason::CANCEL);
    let freed = async { while world.read("room").await.is_err() {} };
    timeout(SOON, freed).await?;
    Ok(())
}

#[tokio::test]
async fn streams_have_a_limit_of_their_own() -> anyhow::Result<()> {
    let quiet = |_| async { Ok::<Watched, _>(futures::stream::pending().boxed()) };
    let world = World::with(Gate::new().probe().watching(quiet), |limits| {
        limits.max_streams = 2;
        limits.max_calls = Some(1);
    })
    .await?;
    let mut client = world.client()?;
    let first = watch(&mut client).await?;
    let _second = watch(&mut client).await?;
    assert_eq!(refused(watch(&mut client).await), overloaded());
    assert_eq!(read(&mut client, "calls go on").await?, "calls go on");
    drop(first);
    let freed = async { while watch(&mut client).await.is_err() {} };
    timeout(SOON, freed).await?;
    Ok(())
}

#[tokio::test]
async fn one_user_leaves_places_for_others() -> anyhow::Result<()> {
    let gate = Gate::new();
    let quiet = |_| async { Ok::<Watched, _>(futures::stream::pending().boxed()) };
    let world = World::with(gate.probe().watching(quiet), |limits| {
        (limits.max_calls, limits.max_streams, limits.user_share) = (Some(20), 20, 25);
    })
    .await?;
    let (greedy, mut other) = (world.client()?, world.client_of(&world.other_token()?)?);
    let mut waiting = JoinSet::new();
    for _ in 0..5 {
        let mut client = greedy.clone();
        waiting.spawn(async move { read(&mut client, "wait").await });
    }
    gate.waited_for(5).await;
    let status = read(&mut greedy.clone(), "beyond its share").await.expect_err("a share");
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
    assert_eq!(refused::<()>(Err(status)), overloaded());
    assert_eq!(read(&mut other, "somebody else").await?, "somebody else");

    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(watch(&mut greedy.clone()).await?);
    }
    assert_eq!(refused(watch(&mut greedy.clone()).await), overloaded());
    watch(&mut other).await?;

    gate.open.add_permits(5);
    while let Some(answer) = waiting.join_next().await {
        assert_eq!(answer??, "wait");
    }
    assert_eq!(read(&mut greedy.clone(), "room again").await?, "room again");
    Ok(())
}

#[tokio::test]
async fn the_bytes_of_one_user_leave_room_for_others() -> anyhow::Result<()> {
    let world = World::with(Gate::new().probe(), |limits| limits.user_share = 25).await?;
    // Each request lacks its last byte, and fills the window of its connection.
    let short = frame(0, 1 << 20, &vec![0; (1 << 20) - 1]);
    let (mut refused, mut arriving) = (JoinSet::new(), Vec::new());
    for _ in 0..40 {
        let raw = world.raw().await?;
        let (answer, mut message) = raw.begin("Read", &[]).await?;
        message.send_data(short.clone(), false)?;
        refused.spawn(async move { anyhow::Ok(end(answer).await?.status()) });
        arriving.push((message, raw));
    }
    // Of 32 MiB, a quarter is there for one user.
    for _ in 0..32 {
        let (code, reason) = timeout(SOON, refused.join_next()).await?.expect("an answer")??;
        assert_eq!((code, reason), (Some(Code::ResourceExhausted), "OVERLOADED".to_owned()));
    }
    let other = Raw::open(world.running.address, &world.other_token()?).await?;
    let (answer, mut message) = other.begin("Read", &[]).await?;
    message.send_data(framed(&"x".repeat(1_000_000)), true)?;
    assert_eq!(end(answer).await?.status().0, Some(Code::Ok));
    Ok(())
}

#[tokio::test]
async fn callers_without_a_token_are_counted_by_address() -> anyhow::Result<()> {
    let world = World::with(Gate::new().probe(), |limits| (limits.max_streams, limits.address_share) = (20, 25)).await?;
    let target = Target::new(world.running.address, String::new(), "", "", framed(""));
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let (hoard, mut streams) = (target.connect().await?, Vec::new());
    for _ in 0..5 {
        streams.push(hoard.request(hoard.head(reflection, &[])?).await?);
    }
    let (answer, _message) = hoard.request(hoard.head(reflection, &[])?).await?;
    let (code, reason) = timeout(SOON, end(answer)).await??.status();
    assert_eq!((code, reason.as_str()), (Some(Code::ResourceExhausted), "OVERLOADED"));
    let other = Raw::open(world.running.address, "").await?;
    let (answer, mut message) = other.request(other.head(reflection, &[])?).await?;
    message.send_data(framed("").slice(..0), true)?;
    assert_eq!(timeout(SOON, end(answer)).await??.status().0, Some(Code::Ok), "another address");
    Ok(())
}

/// Works like a slice: each call needs one of a few connections for a while.
fn pooled(connections: usize, work: Duration) -> Probe {
    let pool = Arc::new(Semaphore::new(connections));
    Probe::new(move |request: Request<String>| {
        let pool = Arc::clone(&pool);
        async move {
            let _connection = pool.acquire().await.expect("a pool");
            tokio::time::sleep(work).await;
            Ok(request.into_inner())
        }
    })
}

const PHASE: Duration = Duration::from_millis(1_500);
const WORK: Duration = Duration::from_millis(80);
const PATIENCE: Duration = Duration::from_millis(320);
/// The number of tries. A busy machine may spoil a round, but a server without a limit passes none.
const ROUNDS: u32 = 5;

/// Makes calls at even intervals and returns how many were answered in time, and how many were refused.
async fn offer(world: &World, every: Duration) -> anyhow::Result<(u32, u32)> {
    let client = world.client()?;
    let shed = Arc::new(AtomicU32::new(0));
    let mut calls = JoinSet::new();
    let mut pace = interval(every);
    let begun = Instant::now();
    while begun.elapsed() < PHASE {
        pace.tick().await;
        let (mut client, shed) = (client.clone(), Arc::clone(&shed));
        calls.spawn(async move {
            let answer = client.read(within(PATIENCE, ReadRequest::default())).await;
            if answer.as_ref().is_err_and(|status| status.code() == Code::ResourceExhausted) {
                shed.fetch_add(1, Ordering::Relaxed);
            }
            answer.is_ok()
        });
    }
    let good = calls.join_all().await.into_iter().filter(|good| *good).count();
    Ok((u32::try_from(good)?, shed.load(Ordering::Relaxed)))
}

/// Compares calls that use no CPU time. Without a limit, all calls would wait for a connection until hardly any has time left to use it.
#[tokio::test]
async fn goodput_is_kept_at_five_times_the_load_and_afterwards() -> anyhow::Result<()> {
    const CONNECTIONS: u32 = 4;
    let world = World::with(pooled(4, WORK), |limits| limits.max_calls = Some(6)).await?;
    // Slightly below the capacity, so that no call waits.
    let capacity = WORK / CONNECTIONS;
    for round in 1.. {
        let (peak, _) = offer(&world, capacity + capacity / 10).await?;
        let (overloaded, shed) = offer(&world, capacity / 5).await?;
        let (after, _) = offer(&world, capacity + capacity / 10).await?;
        eprintln!("answered in time: {peak} at its capacity, {overloaded} at five times that ({shed} shed), {after} afterwards");
        assert!(shed > 0);
        if overloaded * 10 >= peak * 8 && after * 10 >= peak * 8 {
            break;
        }
        assert!(round < ROUNDS);
    }
    Ok(())
}

#[tokio::test]
async fn health_is_served_on_the_admin_port_only() -> anyhow::Result<()> {
    let world = World::start(Gate::new().probe()).await?;
    let mut client = tonic_health::pb::health_client::HealthClient::new(channel(world.running.address)?);
    let answer = client.check(tonic_health::pb::HealthCheckRequest::default()).await;
    assert_eq!(refused(answer), (Code::Unimplemented, "METHOD_UNKNOWN".to_owned()));
    Ok(())
}
