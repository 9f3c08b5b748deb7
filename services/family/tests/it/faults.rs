//! What stops, is killed, or was never there.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use orchard_family::Service;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_server::SliceCommand;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Headers;
use orchard_testkit::cluster::{Cluster, Options, Tools, scratch};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::program::{self, Program};
use orchard_testkit::service::{SliceUnderTest, channel};
use tokio::task::JoinSet;
use tonic::Code;
use tonic_health::ServingStatus;

use crate::world::{Held, World, id, settings, spend};

#[tokio::test]
async fn postgresql_stops_and_starts_again() -> anyhow::Result<()> {
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

#[derive(clap::Parser)]
struct Family {
    #[command(subcommand)]
    command: SliceCommand<Service>,
}

#[test]
#[ignore = "other tests run it as a program"]
fn program() {
    if program::is_program() {
        let Family { command } = clap::Parser::parse_from(["family", "serve"]);
        command.run();
    }
}

/// Starts the service as a process of its own.
pub async fn start(schema: &Schema, keys: &DevKeys) -> anyhow::Result<Program> {
    let settings = [
        ("DATABASE_URL", schema.url().to_owned()),
        ("ORCHARD_WORKLOAD_KEY_FILE", keys.workload_key_file("family").display().to_string()),
        ("ORCHARD_SOCIAL_URL", "http://127.0.0.1:1".to_owned()),
    ];
    Program::start(program::itself("faults::program")?, keys, &settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_in_mid_write_leaves_nothing_half_done() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 100_000, "pay-1").await?;
    let mut program = start(&world.slice.schema, &world.slice.keys).await?;

    let requests: Vec<_> = (0..400).map(|_| id()).collect();
    let token = world.slice.keys.user_token(holder, &[], Duration::from_secs(600))?;
    let shared = channel(program.address)?;
    let mut spends = JoinSet::new();
    for chunk in requests.chunks(25) {
        let (plan, chunk) = (plan.clone(), chunk.to_vec());
        let mut client = WalletServiceClient::new(Headers::bearer(&token)?.on(shared.clone()));
        spends.spawn(async move {
            for request in chunk {
                let _ = client.spend(spend(&plan, 100, request)).await;
            }
        });
    }
    // Wait for the writing to be under way, not for a time.
    while world.balance(&plan).await?.1 < 40 {
        tokio::task::yield_now().await;
    }
    program.child.start_kill()?;
    program.child.wait().await?;
    spends.join_all().await;
    let (_, lines) = world.balance(&plan).await?;
    assert!((40..401).contains(&lines), "killed in the middle, not {lines} lines in");

    // Another replica answers all the requests as if nothing had happened.
    for request in &requests {
        world.spend(&plan, holder, 100, *request).await?;
    }
    assert_eq!(world.balance(&plan).await?, (100_000 - 400 * 100, 401));
    Ok(())
}

#[tokio::test]
async fn a_signal_ends_the_program_in_order() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut program = start(&world.slice.schema, &world.slice.keys).await?;
    // A connection that is open and idle must not hold the end up.
    let token = world.slice.keys.user_token(id(), &[], Duration::from_secs(600))?;
    let mut client = WalletServiceClient::new(Headers::bearer(&token)?.on(channel(program.address)?));
    let answer = client.spend(spend(&id().to_string(), 1, id())).await;
    assert_eq!(refused(answer), (Code::NotFound, "PLAN_NOT_FOUND".to_owned()));
    let _silent = tokio::net::TcpStream::connect(program.address).await?;

    program::terminate(&program.child)?;
    let status = tokio::time::timeout(Duration::from_secs(5), program.child.wait()).await??;
    assert!(status.success(), "{status}");
    Ok(())
}

#[tokio::test]
async fn the_program_sweeps_expired_request_ids() -> anyhow::Result<()> {
    let world = World::start().await?;
    world.family(id()).await?;
    let client = world.slice.schema.connect().await?;
    let left = "SELECT count(*) FROM idempotency_keys";
    assert_eq!(client.query_one(left, &[]).await?.get::<_, i64>(0), 1);
    let month =
        "UPDATE idempotency_keys SET created_at = created_at - interval '31 days', expires_at = expires_at - interval '31 days'";
    client.batch_execute(month).await?;
    let _program = start(&world.slice.schema, &world.slice.keys).await?;
    let swept = async {
        while client.query_one(left, &[]).await?.get::<_, i64>(0) > 0 {
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(20), swept).await?
}

#[tokio::test]
async fn a_call_that_is_open_when_the_signal_comes_is_answered() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let mut program = start(&world.slice.schema, &world.slice.keys).await?;
    let held = Held::new(&world, &plan).await?;
    let token = world.slice.keys.user_token(holder, &[], Duration::from_secs(600))?;
    let mut client = WalletServiceClient::new(Headers::bearer(&token)?.on(channel(program.address)?));
    let mut calls = JoinSet::new();
    let request = spend(&plan, 100, id());
    calls.spawn(async move { client.spend(request).await });
    held.waiter().await?;

    program::terminate(&program.child)?;
    // It no longer accepts connections once it drains; the open call still has its own.
    while tokio::net::TcpStream::connect(program.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    held.release().await?;
    let answer = calls.join_next().await.context("a call")??;
    assert!(answer?.into_inner().entry.is_some());
    let status = tokio::time::timeout(Duration::from_secs(5), program.child.wait()).await??;
    assert!(status.success(), "{status}");
    assert_eq!(world.balance(&plan).await?, (900, 2));
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_killed_takes_its_unit_along_and_no_more() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let held = Held::new(&world, &plan).await?;
    let request = id();
    let mut calls = JoinSet::new();
    let (caller, same) = (Arc::clone(&world), plan.clone());
    calls.spawn(async move { caller.spend(&same, holder, 100, request).await });
    let pid = held.waiter().await?;
    held.client.execute("SELECT pg_terminate_backend($1)", &[&pid]).await?;
    let answer = calls.join_next().await.context("a call")??;
    assert_eq!(refused(answer), (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned()));
    held.release().await?;
    assert_eq!(world.balance(&plan).await?, (1_000, 1));
    // The same request again, on another connection of the pool.
    world.spend(&plan, holder, 100, request).await?;
    assert_eq!(world.balance(&plan).await?, (900, 2));
    Ok(())
}

#[tokio::test]
async fn a_callers_deadline_is_kept_and_the_unit_ends_whole() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let held = Held::new(&world, &plan).await?;
    let mut request = tonic::Request::new(spend(&plan, 100, id()));
    request.set_timeout(Duration::from_millis(300));
    let answer = world.wallet(holder)?.spend(request).await;
    assert_eq!(refused(answer), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    held.waiter().await?;
    held.release().await?;
    // Nobody waits for it any more, and it is done all the same.
    while world.balance(&plan).await? != (900, 2) {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Longer than a unit waits for a lock, so the slowest test here: it shows that waiting is not tried three times over.
#[tokio::test]
async fn a_lock_that_is_not_to_be_had_is_said_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let held = Held::new(&world, &plan).await?;
    let asked = std::time::Instant::now();
    let answer = world.spend(&plan, holder, 100, id()).await;
    assert_eq!(refused(answer), (Code::Aborted, "CONFLICTING_WRITES".to_owned()));
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    held.release().await
}
