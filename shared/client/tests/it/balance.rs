use std::time::Duration;

use anyhow::Context as _;
use orchard_server::ServeOptions;
use orchard_testkit::probe::Probe;
use orchard_testkit::service::{Running, free_address, options};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::world::{Count, World, assert_none, reads, write};

#[tokio::test]
async fn calls_are_spread_over_all_replicas() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, calls_of_a) = world.counting().await?;
    let (b, calls_of_b) = world.counting().await?;
    let (c, calls_of_c) = world.counting().await?;
    let client = world.client(&[a.address, b.address, c.address])?;
    assert_none(&reads(&client, 600).await);
    let counts = [calls_of_a.get(), calls_of_b.get(), calls_of_c.get()];
    assert!(counts.iter().all(|count| *count > 60), "{counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), 600);
    Ok(())
}

#[tokio::test]
async fn a_slow_replica_gets_fewer_calls() -> anyhow::Result<()> {
    let world = World::new()?;
    let slow = Count::default();
    let counted = slow.clone();
    let answer = move |_| {
        counted.add();
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(String::new())
        }
    };
    let a = world.replica(answer).await?;
    let (b, fast) = world.counting().await?;
    let client = world.client(&[a.address, b.address])?;
    assert_none(&reads(&client, 600).await);
    assert!(fast.get() > 2 * slow.get(), "{} {}", fast.get(), slow.get());
    Ok(())
}

/// Accepts and closes connections, like a proxy whose server is down.
async fn accept_and_close(listener: TcpListener, accepted: Count) {
    while let Ok((_connection, _)) = listener.accept().await {
        accepted.add();
    }
}

#[tokio::test]
async fn a_failing_replica_is_not_called_for_a_while() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, calls_of_a) = world.counting().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = world.client(&[listener.local_addr()?, a.address])?;
    let (accepted, mut replicas) = (Count::default(), JoinSet::new());
    replicas.spawn(accept_and_close(listener, accepted.clone()));
    assert_none(&reads(&client, 400).await);
    assert!((1..20).contains(&accepted.get()), "{}", accepted.get());
    assert_eq!(calls_of_a.get(), 400);
    Ok(())
}

#[tokio::test]
async fn a_dead_replica_does_not_open_the_circuit_breaker() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, _) = world.counting().await?;
    let client = world.client(&[free_address(), a.address])?;
    // All at once: attempts on the dead replica fail before any call is answered.
    let answers = futures::future::join_all((0..100).map(|_| write(&client, ""))).await;
    assert_none(&answers.into_iter().filter_map(Result::err).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn a_replica_that_comes_back_is_called_again() -> anyhow::Result<()> {
    let world = World::new()?;
    let back = Count::default();
    let address = free_address();
    let start = async || {
        let counted = back.clone();
        let probe = Probe::new(move |_| {
            counted.add();
            async { Ok(String::new()) }
        });
        Running::start(probe.server(), &ServeOptions { listen: address, ..options(&world.keys) }).await
    };
    let (b, _) = world.counting().await?;
    let client = world.client(&[address, b.address])?;
    assert_none(&reads(&client, 100).await);
    assert_eq!(back.get(), 0);
    let _running = start().await?;
    let returned = async {
        while back.get() == 0 {
            assert_none(&reads(&client, 20).await);
        }
    };
    timeout(Duration::from_secs(30), returned).await.context("the replica is not called again")
}
