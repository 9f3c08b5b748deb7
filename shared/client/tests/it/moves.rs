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
async fn readers_do_not_notice_that_a_replica_dies() -> anyhow::Result<()> {
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
async fn a_replica_that_moves_is_found_and_no_call_fails() -> anyhow::Result<()> {
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
    // Long before the addresses are old.
    let (failures, looked_up) = tokio::join!(reads(&client, 100), timeout(Duration::from_secs(3), look_ups.changed()));
    looked_up.context("the name is looked up again")??;
    assert_none(&failures);
    while calls_of_c.get() == 0 {
        assert_none(&reads(&client, 100).await);
    }
    Ok(())
}

#[tokio::test]
async fn calls_on_a_replica_that_has_left_end_by_themselves() -> anyhow::Result<()> {
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
    // The dead one is tried again now and then, and each time the addresses are looked up.
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
async fn a_name_that_cannot_be_looked_up_keeps_its_replicas() -> anyhow::Result<()> {
    let world = World::new()?;
    let (a, _) = world.counting().await?;
    let cable = Cable::to(a.address).await?;
    let addresses = Addresses::new(&[cable.address]);
    let client = world.client_of(&addresses)?;
    read(&client, "").await?;
    addresses.set(&[]);
    let mut look_ups = addresses.look_ups.subscribe();
    cable.cut();
    // The loss of the connection is what makes it look.
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
    let nobody = world.client_of(&Addresses::new(&[]))?;
    assert_eq!(refused(read(&nobody, "").await), unavailable());
    Ok(())
}

#[tokio::test]
async fn all_are_gone_and_come_back() -> anyhow::Result<()> {
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
async fn a_machine_that_falls_silent_is_noticed_while_calls_wait() -> anyhow::Result<()> {
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
