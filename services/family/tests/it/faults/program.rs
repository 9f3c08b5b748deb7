//! The service as a process of its own: shutdown and kills.

use std::time::Duration;

use anyhow::Context as _;
use orchard_family::Service;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_server::SliceCommand;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Headers;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::program::{self, Program};
use orchard_testkit::service::channel;
use tokio::task::JoinSet;

use crate::world::{RowLock, World, id, not_found, spend};

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
    Program::start(program::itself("faults::program::program")?, keys, &settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_during_writes_leaves_no_partial_write() -> anyhow::Result<()> {
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
    // Waits until writes are in progress, not for a fixed time.
    while world.balance(&plan).await?.1 < 40 {
        tokio::task::yield_now().await;
    }
    program.child.start_kill()?;
    program.child.wait().await?;
    spends.join_all().await;
    let (_, entries) = world.balance(&plan).await?;
    assert!((40..401).contains(&entries), "killed after {entries} entries");

    // Another replica answers all requests, repeated ones included.
    for request in &requests {
        world.spend(&plan, holder, 100, *request).await?;
    }
    assert_eq!(world.balance(&plan).await?, (100_000 - 400 * 100, 401));
    Ok(())
}

#[tokio::test]
async fn a_signal_stops_the_program_despite_idle_connections() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut program = start(&world.slice.schema, &world.slice.keys).await?;
    // An open and idle connection must not delay the shutdown.
    let token = world.slice.keys.user_token(id(), &[], Duration::from_secs(600))?;
    let mut client = WalletServiceClient::new(Headers::bearer(&token)?.on(channel(program.address)?));
    let answer = client.spend(spend(&id().to_string(), 1, id())).await;
    assert_eq!(refused(answer), not_found("PLAN_NOT_FOUND"));
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
async fn a_call_in_progress_at_the_signal_is_answered() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 1_000, "pay-1").await?;
    let mut program = start(&world.slice.schema, &world.slice.keys).await?;
    let lock = RowLock::new(&world, &plan).await?;
    let token = world.slice.keys.user_token(holder, &[], Duration::from_secs(600))?;
    let mut client = WalletServiceClient::new(Headers::bearer(&token)?.on(channel(program.address)?));
    let mut calls = JoinSet::new();
    let request = spend(&plan, 100, id());
    calls.spawn(async move { client.spend(request).await });
    lock.waiter().await?;

    program::terminate(&program.child)?;
    // While it drains, it accepts no connections, but the open call keeps its own.
    while tokio::net::TcpStream::connect(program.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    lock.release().await?;
    let answer = calls.join_next().await.context("a call")??;
    assert!(answer?.into_inner().entry.is_some());
    let status = tokio::time::timeout(Duration::from_secs(5), program.child.wait()).await??;
    assert!(status.success(), "{status}");
    assert_eq!(world.balance(&plan).await?, (900, 2));
    Ok(())
}
