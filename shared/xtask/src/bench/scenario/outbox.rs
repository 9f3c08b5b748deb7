//! The cost of an event: a new plan with its event, and without.

use anyhow::{Context as _, Result};

use crate::bench::calls;
use crate::bench::data::{HOLDERS, holder};
use crate::bench::recording::Statement;
use crate::bench::report::{Finding, Outcome};
use crate::bench::script::{NEW_ID, NEW_KEY, Script};
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds per call, roughly.
const COST: u64 = 900;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let call = calls::create_plan(world.clients("family").await?);
    let mut sides = vec![Side::calls("CreatePlan, delivered", world.processes(["family", "social"])?, call)];
    let is_event = |statement: &&Statement| statement.sql.contains("\"outbox\"");
    world.recorded.create_plan.iter().find(is_event).context("CreatePlan writes no event")?;
    let with: Vec<&Statement> = world.recorded.create_plan.iter().collect();
    let without: Vec<&Statement> = world.recorded.create_plan.iter().filter(|statement| !is_event(statement)).collect();
    sides.extend(yardstick(world, "pgbench with the event", &with));
    sides.extend(yardstick(world, "pgbench without", &without));
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    world.sql.batch_execute("DELETE FROM family.outbox WHERE consumer = 'nobody'").await?;
    world.sql.batch_execute("VACUUM (ANALYZE) family.outbox").await?;
    let rate = |round: &Round| round.rate;
    let mut findings = Vec::new();
    if let (Some(with), Some(without)) = (sides.get(1), sides.get(2)) {
        let cpu = with.ratio(Round::total, without, Round::total);
        findings.extend([
            Finding::ratio("rate of the write with the event / without", with.ratio(rate, without, rate)).at_least(0.9),
            Finding::ratio("CPU of the write with the event / without", cpu),
            Finding::ratio("rate of CreatePlan, delivered / pgbench with the event", sides[0].ratio(rate, with, rate)),
        ]);
    }
    let what =
        "PlanService/CreatePlan with its event delivered; pgbench runs the transaction with and without the event".to_owned();
    Ok(Outcome { what, sides, findings, ..Outcome::default() })
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
        // Another holder each time, as in the calls: all would wait for each other's lock on one row of `users`.
        (&holder, ":viewer"),
        // A consumer without deliveries, which would disturb the measurement.
        ("social", "'nobody'"),
    ];
    let script = Script::walk(world.families.min(HOLDERS)).lines(NEW_KEY);
    let script = statements.iter().fold(script, |script, statement| script.statement(statement, &replaced, ";"));
    world.script(name, &world.family, script)
}
