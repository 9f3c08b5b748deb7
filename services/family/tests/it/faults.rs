//! Restarts, kills, timeouts and lost connections.

pub mod program;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use orchard_family::Service;
use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use orchard_testkit::cluster::{Cluster, Options, Tools, scratch};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::SliceUnderTest;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_health::ServingStatus;

use crate::world::{RowLock, World, id, settings, spend};

#[tokio::test]
async fn the_service_recovers_when_postgresql_restarts() -> anyhow::Result<()> {
    let start = || Cluster::temporary(&Tools::find()?, &scratch(), Options::test());
    let mut cluster = tokio::task::spawn_blocking(start).await??;
    let schema = Schema::create_on(&cluster.url("postgres")).await?;
    let keys = Arc::new(DevKeys::ephemeral()?);
    let slice = SliceUnderTest::start_in::<Service>(&settings(&keys), schema, keys).await?;
    let world = World { slice };
    let holder = id();
    let plan = world.family(holder).await?;

    let mut cluster = tokio::task::spawn_blocking(move || cluster.stop().map(|()| cluster)).await??;
    let unavailable = (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned());
    assert_eq!(refused(world.summary(&plan, holder).await), unavailable);
    assert_eq!(refused(world.deposit(&plan, 100, "pay-1").await), unavailable);
    let get = pb::GetPlanRequest { family_plan_id: plan.clone() };
    assert_eq!(refused(world.plans(holder)?.get_plan(get).await), unavailable);
    world.slice.running.wait_for(ServingStatus::NotServing).await?;

    let _cluster = tokio::task::spawn_blocking(move || cluster.start().map(|()| cluster)).await??;
    world.slice.running.wait_for(ServingStatus::Serving).await?;
    world.deposit(&plan, 100, "pay-1").await?;
    assert_eq!(world.balance(&plan).await?, (100, 1));
    Ok(())
}

#[tokio::test]
async fn a_killed_session_rolls_back_only_its_own_transaction() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let lock = RowLock::new(&world, &plan).await?;
    let request = id();
    let mut calls = JoinSet::new();
    let (caller, same) = (Arc::clone(&world), plan.clone());
    calls.spawn(async move { caller.spend(&same, holder, 100, request).await });
    let pid = lock.waiter().await?;
    lock.client.execute("SELECT pg_terminate_backend($1)", &[&pid]).await?;
    let answer = calls.join_next().await.context("a call")??;
    assert_eq!(refused(answer), (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned()));
    lock.release().await?;
    assert_eq!(world.balance(&plan).await?, (1_000, 1));
    // The repeated request uses another connection of the pool.
    world.spend(&plan, holder, 100, request).await?;
    assert_eq!(world.balance(&plan).await?, (900, 2));
    Ok(())
}

#[tokio::test]
async fn a_call_past_its_deadline_is_refused_and_its_write_completes() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let lock = RowLock::new(&world, &plan).await?;
    let mut request = tonic::Request::new(spend(&plan, 100, id()));
    request.set_timeout(Duration::from_millis(300));
    let answer = world.wallet(holder)?.spend(request).await;
    assert_eq!(refused(answer), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    lock.waiter().await?;
    lock.release().await?;
    // The write completes although no caller waits for it.
    while world.balance(&plan).await? != (900, 2) {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// The slowest test, because it waits for the lock timeout: once, not three times.
#[tokio::test]
async fn a_lock_timeout_is_not_retried() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let lock = RowLock::new(&world, &plan).await?;
    let asked = std::time::Instant::now();
    let answer = world.spend(&plan, holder, 100, id()).await;
    assert_eq!(refused(answer), (Code::Aborted, "CONFLICTING_WRITES".to_owned()));
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    lock.release().await
}
