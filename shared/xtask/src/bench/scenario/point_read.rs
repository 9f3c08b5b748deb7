//! A row by its key, through everything that a call passes.

use anyhow::{Context as _, Result};

use crate::bench::calls::{self, Clients};
use crate::bench::data::{FAMILIES, holder, plan};
use crate::bench::echo::EchoServer;
use crate::bench::report::{Finding, Outcome};
use crate::bench::script::Script;
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds of CPU per call, roughly.
const COST: u64 = 100;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let (echo, channels) = EchoServer::start(&world.program).await?;
    let clients = Clients { channels, tokens: world.tokens.clone() };
    let mut sides = vec![service(world).await?, Side::calls("echo", vec![("echo", echo.id())], calls::echo(clients))];
    sides.extend(yardstick(world)?);
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let (served, bare) = (&sides[0], &sides[1]);
    let family = |round: &Round| round.cpu_of("family");
    let mut findings = Vec::new();
    if let Some(alone) = sides.get(2) {
        let share = served.ratio(family, alone, Round::postgres);
        findings.push(Finding::ratio("CPU of the service / of its statement alone", share).at_most(0.8));
        let capacity = alone.ratio(Round::postgres, served, Round::total);
        findings.push(Finding::ratio("capacity: statement alone / service and PostgreSQL", capacity).at_least(0.75));
        let postgres = served.ratio(Round::postgres, alone, Round::postgres);
        findings.push(Finding::ratio("CPU of PostgreSQL under the service / alone", postgres));
    }
    let echoes = served.ratio(family, bare, |round| round.cpu_of("echo"));
    findings.push(Finding::ratio("CPU of the service / of an echo", echoes));
    let what = "PlanService/GetPlan; pgbench runs the statement that the service runs".to_owned();
    Ok(Outcome { what, sides, findings, ..Outcome::default() })
}

/// Returns the side of GetPlan at the slice.
pub(super) async fn service(world: &World<'_>) -> Result<Side> {
    let call = calls::get_plan(world.clients("family").await?, world.families);
    Ok(Side::calls("GetPlan", world.processes(["family"])?, call))
}

/// Returns the side of its statement alone.
pub(super) fn yardstick(world: &World<'_>) -> Result<Option<Side>> {
    let statement = world.recorded.get_plan.as_ref().context("GetPlan's statement is not in PostgreSQL's log")?;
    let (plan, viewer) = (plan(FAMILIES).to_string(), holder(FAMILIES).to_string());
    let script = Script::walk(world.families).statement(statement, &[(&plan, ":plan"), (&viewer, ":viewer")], ";");
    Ok(world.script("pgbench", &world.family, script))
}
