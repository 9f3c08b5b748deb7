//! One row by its key, through everything that a call passes.

use anyhow::{Context as _, Result};

use super::{walk, without_pgbench};
use crate::bench::calls;
use crate::bench::data::{FAMILIES, holder, plan};
use crate::bench::echo::EchoServer;
use crate::bench::load::IN_FLIGHT;
use crate::bench::recording::Script;
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::side::{POSTGRESQL, Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds of CPU that a call costs, roughly.
const COST: u64 = 100;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let (echo, channels) = EchoServer::start(&world.program).await?;
    let mut sides = vec![
        service(world).await?,
        Side::Calls {
            name: "echo",
            processes: vec![("echo", echo.id())],
            call: calls::echo(channels, world.tokens.clone()),
            at_once: IN_FLIGHT,
        },
    ];
    sides.extend(yardstick(world)?);
    let effort = world.effort(COST);
    let rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    let (served, bare) = (&rounds[0], &rounds[1]);
    let family = |round: &Round| round.cpu_of("family");
    let postgres = |round: &Round| round.cpu_of(POSTGRESQL);
    let mut findings = Vec::new();
    if let Some(alone) = rounds.get(2) {
        let share = served.to(family, alone, postgres);
        findings.push(Finding::ratio("CPU of the service / of its statement alone", share, Some(Goal::AtMost(0.8))));
        let capacity = alone.to(postgres, served, Round::total);
        findings.push(Finding::ratio("capacity: statement alone / service and PostgreSQL", capacity, Some(Goal::AtLeast(0.75))));
        findings.push(Finding::ratio("CPU of PostgreSQL under the service / alone", served.to(postgres, alone, postgres), None));
    }
    findings.push(Finding::ratio("CPU of the service / of an echo", served.to(family, bare, |round| round.cpu_of("echo")), None));
    Ok(Outcome {
        scenario: "point-read".to_owned(),
        what: "PlanService/GetPlan; pgbench runs the statement that the service was seen to run".to_owned(),
        sides: rounds,
        findings,
        curves: Vec::new(),
        notes: without_pgbench(world),
    })
}

/// GetPlan at the slice.
pub(super) async fn service(world: &World<'_>) -> Result<Side> {
    Ok(Side::Calls {
        name: "GetPlan",
        processes: world.processes(["family"])?,
        call: calls::get_plan(world.channels("family").await?, world.tokens.clone(), world.families),
        at_once: IN_FLIGHT,
    })
}

/// Its statement alone.
pub(super) fn yardstick(world: &World<'_>) -> Result<Option<Side>> {
    let statement = world.recorded.get_plan.as_ref().context("GetPlan's statement is not in PostgreSQL's log")?;
    let (plan, viewer) = (plan(FAMILIES).to_string(), holder(FAMILIES).to_string());
    let script: Script = walk(world.families).statement(statement, &[(&plan, ":plan"), (&viewer, ":viewer")], ";");
    Ok(Side::script("pgbench", world.pgbench.as_ref(), &world.family, script))
}
