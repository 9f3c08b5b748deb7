//! What it costs to tell others: a new plan with its event, and without.

use anyhow::{Context as _, Result};

use super::{NEW_ID, NEW_KEY, walk, without_pgbench};
use crate::bench::calls;
use crate::bench::data::{HOLDERS, holder};
use crate::bench::load::IN_FLIGHT;
use crate::bench::recording::Statement;
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds that a call takes, roughly.
const COST: u64 = 900;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let call = calls::create_plan(world.channels("family").await?, world.tokens.clone());
    let processes = world.processes(["family", "social"])?;
    let mut sides = vec![Side::Calls { name: "CreatePlan, delivered", processes, call, at_once: IN_FLIGHT }];
    let is_event = |statement: &&Statement| statement.sql.contains("\"outbox\"");
    world.recorded.create_plan.iter().find(is_event).context("CreatePlan writes no event")?;
    let with: Vec<&Statement> = world.recorded.create_plan.iter().collect();
    let without: Vec<&Statement> = world.recorded.create_plan.iter().filter(|statement| !is_event(statement)).collect();
    sides.extend(yardstick(world, "pgbench with the event", &with));
    sides.extend(yardstick(world, "pgbench without", &without));
    let effort = world.effort(COST);
    let rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    world.sql.batch_execute("DELETE FROM family.outbox WHERE consumer = 'nobody'").await?;
    world.sql.batch_execute("VACUUM (ANALYZE) family.outbox").await?;
    let rate = |round: &Round| round.rate;
    let mut findings = Vec::new();
    if let (Some(with), Some(without)) = (rounds.get(1), rounds.get(2)) {
        let goal = Some(Goal::AtLeast(0.9));
        findings.push(Finding::ratio("rate of the write with the event / without", with.to(rate, without, rate), goal));
        let cpu = with.to(Round::total, without, Round::total);
        findings.push(Finding::ratio("CPU of the write with the event / without", cpu, None));
        findings.push(Finding::ratio("rate of CreatePlan, delivered / pgbench with", rounds[0].to(rate, with, rate), None));
    }
    Ok(Outcome {
        scenario: "outbox".to_owned(),
        what: "PlanService/CreatePlan with its event delivered; pgbench runs the same transaction, with and without the event"
            .to_owned(),
        sides: rounds,
        findings,
        curves: Vec::new(),
        notes: without_pgbench(world),
    })
}

fn yardstick(world: &World<'_>, name: &'static str, statements: &[&Statement]) -> Option<Side> {
    let recorded = &world.recorded;
    let holder = holder(1).to_string();
    let ids = format!("{{{}}}", recorded.created_plan);
    let array = format!("ARRAY[{NEW_ID}]");
    let member = statements
        .iter()
        .find(|statement| statement.sql.starts_with("INSERT INTO \"family_members\""))
        .and_then(|statement| statement.parameters.first().cloned().flatten())
        .unwrap_or_default();
    let event = statements
        .iter()
        .find(|statement| statement.sql.contains("\"outbox\""))
        .and_then(|statement| statement.parameters.iter().flatten().find(|value| uuid::Uuid::parse_str(value).is_ok()).cloned())
        .unwrap_or_default();
    let replaced: [(&str, &str); 7] = [
        (&recorded.created_plan, NEW_ID),
        (&recorded.create_request, "gen_random_uuid()"),
        (&ids, &array),
        (&member, NEW_ID),
        (&event, NEW_ID),
        // Another one each time, as the service's callers are: on one row of `users` all would wait for each other.
        (&holder, ":viewer"),
        // A consumer that nobody delivers to: what the service delivers is not to disturb what is measured without it.
        ("social", "'nobody'"),
    ];
    let script = walk(world.families.min(HOLDERS)).lines(NEW_KEY);
    let script = statements.iter().fold(script, |script, statement| script.statement(statement, &replaced, ";"));
    Side::script(name, world.pgbench.as_ref(), &world.family, script)
}
