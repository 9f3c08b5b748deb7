//! Replicas that die, leave, move and come back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use orchard_rpc::Deadline;
use orchard_server::ServeOptions;
use orchard_testkit::answer::refused;
use orchard_testkit::cable::Cable;
use orchard_testkit::probe::Probe;
use orchard_testkit::service::{Running, free_address, options};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::world::{Addresses, World, assert_none, read, reads, unavailable, write};

#[tokio::test]
async fn no_read_fails_when_a_replica_dies() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, calls_of_a) = world.counting().await?;
    let (b, calls_of_b) = world.counting().await?;
    let cable = Cable::to(a.address).await?;
    let client = world.client(&[cable.address, b.address])?;
    let dies = async {
        while calls_of_a.get() < 200 {
            tokio::task::yield_now().await;
        }
        drop(cable);
    };
    let (failures, ()) = tokio::join!(reads(&client, 2_000), dies);
    assert_none(&failures);
    assert!(calls_of_a.get() < 2_000 && calls_of_b.get() > 1_000, "{} {}", calls_of_a.get(), calls_of_b.get());
    Ok(())
}

#[tokio::test]
async fn a_moved_replica_is_found_and_no_read_fails() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, _) = world.counting().await?;
    let (b, _) = world.counting().await?;
    let (c, calls_of_c) = world.counting().await?;
    let cable = Cable::to(a.address).await?;
    let addresses = Addresses::new(&[cable.address, b.address]);
    let client = world.client_of(&addresses)?;
    assert_none(&reads(&client, 100).await);
    addresses.set(&[b.address, c.address]);
    let mut look_ups = addresses.look_ups.subscribe();
    drop(cable);
    // Long before the addresses are due to be resolved again.
    let (failures, looked_up) = tokio::join!(reads(&client, 100), timeout(Duration::from_secs(3), look_ups.changed()));
    looked_up.context("the name is resolved again")??;
    assert_none(&failures);
    while calls_of_c.get() == 0 {
        assert_none(&reads(&client, 100).await);
    }
    Ok(())
}

#[tokio::test]
async fn open_calls_on_a_replica_that_left_the_name_are_answered() -> anyhow::Result<()> {
    let world = World::new()?;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (beginning, going_on) = (Arc::clone(&begun), Arc::clone(&go_on));
    let hold = move |_| {
        let (beginning, going_on) = (Arc::clone(&beginning), Arc::clone(&going_on));
        async move {
            beginning.notify_one();
            going_on.notified().await;
            Ok("of the one that left".to_owned())
        }
    };
    let a = world.replica(hold).await?;
    let (b, calls_of_b) = world.counting().await?;
    // Each reconnection to the dead replica makes the name be resolved again.
    let addresses = Addresses::new(&[a.address, free_address()]);
    let client = world.client_of(&addresses)?;
    let moves = async {
        begun.notified().await;
        addresses.set(&[b.address]);
        while calls_of_b.get() == 0 {
            let call = Deadline::after(Duration::from_millis(200)).scope(read(&client, ""));
            let _held_or_answered = call.await;
        }
        go_on.notify_waiters();
    };
    let (answer, ()) = tokio::join!(Deadline::after(Duration::from_secs(60)).scope(write(&client, "")), moves);
    assert_eq!(answer?, "of the one that left");
    Ok(())
}

#[tokio::test]
async fn replicas_are_kept_while_the_name_cannot_be_resolved() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, _) = world.counting().await?;
    let cable = Cable::to(a.address).await?;
    let addresses = Addresses::new(&[cable.address]);
    let client = world.client_of(&addresses)?;
    read(&client, "").await?;
    addresses.set(&[]);
    let mut look_ups = addresses.look_ups.subscribe();
    cable.cut();
    // The lost connection makes the name be resolved.
    let looked_up = async {
        loop {
            read(&client, "").await?;
            if look_ups.has_changed()? {
                return anyhow::Ok(());
            }
        }
    };
    looked_up.await?;
    look_ups.mark_unchanged();
    for _ in 0..20 {
        read(&client, "").await?;
    }
    let unreachable = world.client_of(&Addresses::new(&[]))?;
    assert_eq!(refused(read(&unreachable, "").await), unavailable());
    Ok(())
}

#[tokio::test]
async fn calls_succeed_again_after_all_replicas_were_gone() -> anyhow::Result<()> {
    let world = World::new()?;
    let address: SocketAddr = free_address();
    let start = async || {
        let probe = Probe::new(|request| async { Ok(request.into_inner()) });
        Running::start(probe.server(), &ServeOptions { listen: address, ..options(&world.keys) }).await
    };
    let client = world.client(&[address])?;
    for _ in 0..2 {
        let replica = start().await?;
        assert_eq!(read(&client, "x").await?, "x");
        replica.stop().await?;
        assert_eq!(refused(read(&client, "x").await), unavailable());
    }
    Ok(())
}

#[tokio::test]
async fn open_calls_move_away_from_a_machine_that_falls_silent() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, _) = world.counting().await?;
    let (b, _) = world.counting().await?;
    let cable = Cable::to(a.address).await?;
    let client = world.client(&[cable.address, b.address])?;
    assert_none(&reads(&client, 100).await);
    cable.fall_silent();
    let failures = Deadline::after(Duration::from_secs(30)).scope(reads(&client, 100)).await;
    assert_none(&failures);
    Ok(())
}
