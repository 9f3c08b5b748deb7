//! A view that the edge composes, against one join over all tables.

use anyhow::{Context as _, Result};
use tokio_postgres::Config;

use crate::bench::calls;
use crate::bench::data::LIVELY;
use crate::bench::report::{Finding, Outcome};
use crate::bench::script::Script;
use crate::bench::side::{Effort, Round, Side, alternate};
use crate::bench::world::{Connections, World, connect};

/// Microseconds of CPU per call, roughly.
const COST: u64 = 900;
const DATABASE: &str = "yardstick";
/// The columns that the specification's view reads, indexes for its joins, and the view, unchanged.
const SPECIFIED: &str = include_str!("dashboard.sql");

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let specified = specified(world).await?;
    let call = calls::dashboard(world.clients("edge").await?, LIVELY);
    let summary = calls::summary(world.clients("family").await?, LIVELY);
    let processes = world.processes(["edge", "family", "social"])?;
    let family = world.processes(["family"])?;
    let mut sides = vec![Side::calls("GetFamilyDashboard", processes.clone(), call.clone())];
    let script = Script::walk(LIVELY).lines("SELECT * FROM family_dashboard WHERE family_plan_id = :plan;");
    sides.extend(world.script("pgbench, specification's view", &specified, script));
    let effort = world.effort(COST);
    let mut sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let mut serial = [
        Side::Calls { name: "GetFamilyDashboard, one at a time", processes, call, at_once: 1 },
        Side::Calls { name: "GetFamilySummary, one at a time", processes: family, call: summary, at_once: 1 },
    ];
    let serial = alternate(&mut world.meter, &mut serial, Effort { calls: effort.calls / 4, ..effort }).await?;
    let mut findings = Vec::new();
    if let Some(view) = sides.get(1) {
        let cpu = sides[0].ratio(Round::total, view, Round::total);
        findings.push(Finding::ratio("CPU of three services and PostgreSQL / of the view alone", cpu).at_most(0.8));
    }
    let added = serial[0].difference(&serial[1], |round| round.p50);
    findings.push(Finding::new("p50 - that of its slower upstream, one at a time", "ms", added).at_most(0.5));
    sides.extend(serial);
    let what = "EdgeService/GetFamilyDashboard; pgbench queries the specification's view, with indexes for all joins".to_owned();
    Ok(Outcome { what, sides, findings, ..Outcome::default() })
}

/// Creates a database with the view and the services' data, once.
async fn specified(world: &World<'_>) -> Result<Config> {
    let mut config = world.admin.clone();
    config.dbname(DATABASE);
    if world.sql.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE]).await?.is_some() {
        return Ok(config);
    }
    world.sql.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
    let mut connections = Connections::new();
    let sql = connect(&config, &mut connections).await?;
    sql.batch_execute(SPECIFIED).await.context("the specification's view cannot be created")?;
    for (table, source) in [
        ("family_plans", "SELECT id, family_name, shared_wallet_balance, is_active FROM family.family_plans"),
        ("family_members", "SELECT id, family_plan_id, user_id, is_active FROM family.family_members"),
        ("nutritional_intake", "SELECT id, user_id, consumption_date, calories_consumed FROM family.nutritional_intake"),
        ("challenge_participants", "SELECT id, challenge_id, user_id, completion_status FROM social.challenge_participants"),
        ("bench.targets", "SELECT n, plan, viewer FROM bench.targets"),
    ] {
        copy(world, &sql, table, source).await?;
    }
    sql.batch_execute("VACUUM ANALYZE").await?;
    Ok(config)
}

async fn copy(world: &World<'_>, sql: &tokio_postgres::Client, table: &str, source: &str) -> Result<()> {
    use futures::{SinkExt as _, StreamExt as _};
    let rows = world.sql.copy_out(&format!("COPY ({source}) TO STDOUT")).await?;
    let (mut rows, mut sink) = (std::pin::pin!(rows), std::pin::pin!(sql.copy_in(&format!("COPY {table} FROM STDIN")).await?));
    while let Some(part) = rows.next().await {
        sink.send(part?).await?;
    }
    sink.finish().await?;
    Ok(())
}
