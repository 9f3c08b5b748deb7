use std::time::Duration;

use futures::StreamExt as _;
use orchard_testkit::answer::refused;
use orchard_testkit::probe::Watched;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tonic::Code;

use crate::world::{Gate, World, read, watch};

#[tokio::test]
async fn a_drain_ends_streams_and_waits_for_calls_but_not_for_connections() -> anyhow::Result<()> {
    let gate = Gate::new();
    let quiet = |_| async { Ok::<Watched, _>(futures::stream::pending().boxed()) };
    let world = World::with(gate.probe().watching(quiet), |limits| limits.drain_limit = Duration::from_secs(30)).await?;
    let mut client = world.client()?;
    let mut stream = watch(&mut client).await?;
    let mut idle = world.client()?;
    read(&mut idle, "once").await?;
    let silent = TcpStream::connect(world.running.address).await?;
    let mut calls = JoinSet::new();
    calls.spawn(async move { read(&mut client, "wait").await });
    gate.waited_for(1).await;

    let address = world.running.address;
    let stop = world.running.stop();
    let mut ending = JoinSet::new();
    ending.spawn(stop);
    // Streams would never end by themselves: they end with SHUTTING_DOWN.
    let ended = timeout(Duration::from_secs(10), stream.message()).await?;
    assert_eq!(refused(ended), (Code::Unavailable, "SHUTTING_DOWN".to_owned()));
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(ending.try_join_next().is_none(), "a call is still open");
    gate.open.add_permits(1);
    assert_eq!(calls.join_next().await.expect("a call")??, "wait", "the open call was answered");
    timeout(Duration::from_secs(10), ending.join_next()).await?.expect("an end")??;
    drop((silent, idle));
    Ok(())
}

#[tokio::test]
async fn calls_still_open_at_the_drain_limit_are_cut() -> anyhow::Result<()> {
    let gate = Gate::new();
    let limit = Duration::from_millis(300);
    let world = World::with(gate.probe(), |limits| limits.drain_limit = limit).await?;
    let mut client = world.client()?;
    let mut calls = JoinSet::new();
    calls.spawn(async move { read(&mut client, "wait").await });
    gate.waited_for(1).await;
    let asked = Instant::now();
    timeout(Duration::from_secs(10), world.running.stop()).await??;
    assert!(asked.elapsed() >= limit, "{:?}", asked.elapsed());
    assert!(calls.join_next().await.expect("a call")?.is_err());
    Ok(())
}
