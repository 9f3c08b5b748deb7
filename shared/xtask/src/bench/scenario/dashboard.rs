//! A view across slices, composed, against one join over everything.

use anyhow::{Context as _, Result};
use tokio_postgres::Config;

use super::{walk, without_pgbench};
use crate::bench::calls;
use crate::bench::data::LIVELY;
use crate::bench::load::IN_FLIGHT;
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::side::{Effort, Round, Rounds, Side, alternate};
use crate::bench::world::{Connections, World, connect};

/// Microseconds of CPU that a call costs, roughly.
const COST: u64 = 900;
const DATABASE: &str = "yardstick";
/// The specification's tables as far as its view reads them, with the indexes that its joins need, and its view to the letter.
const SPECIFIED: &str = include_str!("dashboard.sql");

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let specified = specified(world).await?;
    let call = calls::dashboard(world.channels("edge").await?, world.tokens.clone(), LIVELY);
    let summary = calls::summary(world.channels("family").await?, world.tokens.clone(), LIVELY);
    let processes = world.processes(["edge", "family", "social"])?;
    let family = world.processes(["family"])?;
    let mut sides =
        vec![Side::Calls { name: "GetFamilyDashboard", processes: processes.clone(), call: call.clone(), at_once: IN_FLIGHT }];
    let script = walk(LIVELY).lines("SELECT * FROM family_dashboard WHERE family_plan_id = :plan;");
    sides.extend(Side::script("pgbench, specification's view", world.pgbench.as_ref(), &specified, script));
    let effort = world.effort(COST);
    let mut rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    let mut alone = vec![
        Side::Calls { name: "GetFamilyDashboard, one at a time", processes, call, at_once: 1 },
        Side::Calls { name: "GetFamilySummary, one at a time", processes: family, call: summary, at_once: 1 },
    ];
    let one_at_a_time = alternate(&mut world.meter, &mut alone, Effort { calls: effort.calls / 4, ..effort }).await?;
    let mut findings = Vec::new();
    if let Some(view) = rounds.get(1) {
        let cpu = rounds[0].to(Round::total, view, Round::total);
        findings.push(Finding::ratio("CPU of three services and PostgreSQL / of the view alone", cpu, Some(Goal::AtMost(0.8))));
    }
    let added = added_p50(&one_at_a_time[0], &one_at_a_time[1]);
    findings.push(Finding::of("p50 - that of its slower upstream, one at a time", "ms", added, Some(Goal::AtMost(0.5))));
    rounds.extend(one_at_a_time);
    Ok(Outcome {
        scenario: "dashboard".to_owned(),
        what: "EdgeService/GetFamilyDashboard; pgbench asks the specification's view, with indexes on all that it joins"
            .to_owned(),
        sides: rounds,
        findings,
        curves: Vec::new(),
        notes: without_pgbench(world),
    })
}

fn added_p50(dashboard: &Rounds, summary: &Rounds) -> Vec<f64> {
    dashboard.each(|round| round.p50).iter().zip(summary.each(|round| round.p50)).map(|(all, part)| all - part).collect()
}

/// A database in which the view is at home, with the services' data.
async fn specified(world: &World<'_>) -> Result<Config> {
    let mut config = world.admin.clone();
    config.dbname(DATABASE);
    if world.sql.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE]).await?.is_some() {
        return Ok(config);
    }
    world.sql.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
    let mut connections = Connections::new();
    let sql = connect(&config, &mut connections).await?;
    sql.batch_execute(SPECIFIED).await.context("the specification's view cannot be made")?;
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
