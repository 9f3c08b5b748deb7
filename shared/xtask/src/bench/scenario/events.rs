//! Events from a commit in one slice to their effect in another.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use uuid::Uuid;

use crate::bench::accounting;
use crate::bench::calls;
use crate::bench::data::HOLDERS;
use crate::bench::report::{Finding, Outcome};
use crate::bench::side::POSTGRESQL;
use crate::bench::world::{Amount, World};

/// Longest time to wait for an effect.
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);
/// Time between two events, so that the services are idle.
const PAUSE: Duration = Duration::from_millis(10);
/// Age at which a sweep takes events that another replica may deliver.
const AGE: Duration = Duration::from_millis(1_500);

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let (idle, backlog, times) = match world.amount {
        Amount::Glance => (5, 500_u32, 1),
        Amount::Quick => (50, 10_000, 1),
        Amount::Full => (300, 50_000, 3),
    };
    let latencies = latencies(world, idle).await?;
    let mut findings = vec![Finding::new("from CreatePlan's answer to its effect, idle", "ms", latencies).at_most(20.0)];
    let mut rates = Vec::new();
    let mut costs = vec![("family", Vec::new()), ("social", Vec::new()), (POSTGRESQL, Vec::new())];
    for _ in 0..times {
        let (rate, used) = sweep(world, backlog).await?;
        rates.push(rate);
        costs.iter_mut().zip(used).for_each(|((_, all), used)| all.push(used));
    }
    findings.push(Finding::new(format!("effects of a backlog of {backlog}"), "per s", rates).at_least(5_000.0));
    for (process, used) in costs {
        findings.push(Finding::new(format!("CPU of {process} per effect"), "us", used));
    }
    let what = format!("{idle} new plans one by one, and a backlog of {backlog} events, from family to social");
    Ok(Outcome { what, findings, ..Outcome::default() })
}

/// Measures the milliseconds from an answer, when the plan is committed, until its effect in social.
async fn latencies(world: &World<'_>, count: u64) -> Result<Vec<f64>> {
    let effect = "SELECT FROM social.family_memberships WHERE family_plan_id = $1";
    let effect = world.sql.prepare(effect).await?;
    let clients = world.clients("family").await?;
    let mut milliseconds = Vec::new();
    for number in 1..=count {
        let request = clients.request(number % HOLDERS + 1, calls::new_plan(Uuid::new_v4()));
        let answer = PlanServiceClient::new(clients.channel(0)).create_plan(request).await?;
        let start = Instant::now();
        let plan: Uuid = answer.into_inner().plan.context("no plan")?.family_plan_id.parse()?;
        while world.sql.query_opt(&effect, &[&plan]).await?.is_none() {
            if start.elapsed() > LIMIT {
                bail!("an event has no effect");
            }
        }
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(milliseconds)
}

/// Measures effects per second of a backlog of events, each of another plan, and the CPU per effect of each process.
async fn sweep(world: &mut World<'_>, count: u32) -> Result<(f64, Vec<f64>)> {
    world.services.stop_one("family").await?;
    // The payload is a MemberJoined: two UUIDs as text and a role.
    let events = format!(
        "INSERT INTO family.outbox (consumer, event_id, aggregate_id, sequence, event_type, payload)
         SELECT 'social', gen_random_uuid(), plan, 1, 'orchard.family.v1.MemberJoined',
                '\\x0a24'::bytea || plan::text::bytea || '\\x1224'::bytea || gen_random_uuid()::text::bytea || '\\x1801'::bytea
         FROM (SELECT gen_random_uuid() AS plan FROM generate_series(1, {count})) plans"
    );
    world.sql.batch_execute(&events).await?;
    world.sql.batch_execute("VACUUM (ANALYZE) family.outbox").await?;
    tokio::time::sleep(AGE).await;
    let social = world.processes(["social"])?[0].1;
    let before = (accounting::of_process(social)?, accounting::with_children(world.meter.postgres)?);
    let start = Instant::now();
    world.services.start_one("family", world.keys)?;
    let waiting = world.sql.prepare("SELECT FROM family.outbox WHERE consumer = 'social' LIMIT 1").await?;
    while world.sql.query_opt(&waiting, &[]).await?.is_some() {
        if start.elapsed() > LIMIT {
            bail!("{count} events are not delivered after {} s", LIMIT.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
    let time = start.elapsed().as_secs_f64();
    let used = [
        accounting::of_process(world.processes(["family"])?[0].1)?,
        accounting::of_process(social)? - before.0,
        accounting::with_children(world.meter.postgres)? - before.1,
    ];
    world.ready("family").await?;
    Ok((f64::from(count) / time, used.map(|used| used / f64::from(count)).to_vec()))
}
