//! What stops, is killed, or was never there.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use orchard_family::Service;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_server::Slice as _;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Headers;
use orchard_testkit::cluster::{Cluster, Options, Tools, scratch};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::{SliceUnderTest, channel, free_address, healthy};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tonic::Code;
use tonic_health::ServingStatus;

use crate::world::{World, id, settings, spend};

#[tokio::test]
async fn postgresql_stops_and_starts_again() -> anyhow::Result<()> {
    let start = || Cluster::temporary(&Tools::find()?, &scratch(), Options::test());
    let mut cluster = tokio::task::spawn_blocking(start).await??;
    let schema = Schema::create_on(&cluster.url("postgres")).await?;
    let slice = SliceUnderTest::start_in::<Service>(&settings(), schema, Arc::new(DevKeys::ephemeral()?)).await?;
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

/// The program itself, as it is deployed.
struct Program {
    child: Child,
    address: std::net::SocketAddr,
}

impl Program {
    async fn start(schema: &Schema, keys: &DevKeys) -> anyhow::Result<Self> {
        let (address, admin) = (free_address(), free_address());
        let child = Command::new(env!("CARGO_BIN_EXE_family"))
            .arg("serve")
            .arg(format!("--listen={address}"))
            .arg(format!("--admin-listen={admin}"))
            .arg("--user-jwks-file")
            .arg(keys.user_jwks_file())
            .arg("--workload-jwks-file")
            .arg(keys.workload_jwks_file())
            .arg("--drain-wait=0s")
            .env("DATABASE_URL", schema.url())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        healthy(admin, ServingStatus::Serving).await?;
        Ok(Self { child, address })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_in_mid_write_leaves_nothing_half_done() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.deposit(&plan, 100_000, "pay-1").await?;
    let mut program = Program::start(&world.slice.schema, &world.slice.keys).await?;

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
    assert!((41..401).contains(&lines), "killed in the middle, not {lines} lines in");

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
    let mut program = Program::start(&world.slice.schema, &world.slice.keys).await?;
    // A connection that is open and idle must not hold the end up.
    let token = world.slice.keys.user_token(id(), &[], Duration::from_secs(600))?;
    let mut client = WalletServiceClient::new(Headers::bearer(&token)?.on(channel(program.address)?));
    let answer = client.spend(spend(&id().to_string(), 1, id())).await;
    assert_eq!(refused(answer), (Code::NotFound, "PLAN_NOT_FOUND".to_owned()));
    let _silent = tokio::net::TcpStream::connect(program.address).await?;

    let pid = program.child.id().context("it runs")?;
    let kill = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
    assert!(kill.success());
    let status = tokio::time::timeout(Duration::from_secs(5), program.child.wait()).await??;
    assert!(status.success(), "{status}");
    Ok(())
}

#[tokio::test]
async fn serving_an_unmigrated_database_is_refused_with_a_clear_line() -> anyhow::Result<()> {
    let schema = Schema::create().await?;
    let keys = DevKeys::ephemeral()?;
    let run = async |arguments: &[&str], url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_family"));
        command.args(arguments).env("DATABASE_URL", url);
        let output = command.output().await?;
        anyhow::Ok((output.status.success(), String::from_utf8(output.stderr)?))
    };
    let (users, workloads) = (keys.user_jwks_file(), keys.workload_jwks_file());
    let serve = [
        "serve",
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
        "--user-jwks-file",
        users.to_str().context("path")?,
        "--workload-jwks-file",
        workloads.to_str().context("path")?,
    ];
    let (served, said) = run(&serve, schema.url()).await?;
    assert!(!served && said.contains("run `migrate`"), "{said}");
    let (migrated, said) = run(&["migrate"], schema.url()).await?;
    assert!(migrated && said.contains("applied"), "{said}");
    let (migrated, said) = run(&["migrate"], schema.url()).await?;
    assert!(migrated && said.contains("nothing to migrate"), "{said}");
    let (unreachable, said) = run(&["migrate"], "postgres://me:hunter2@127.0.0.1:1/nowhere").await?;
    assert!(!unreachable && !said.contains("hunter2") && said.lines().count() == 1, "{said}");
    assert_eq!(Service::NAME, "family");
    Ok(())
}
