//! The cost of the edge.

use anyhow::Result;

use super::point_read;
use crate::bench::calls;
use crate::bench::report::{Finding, Outcome};
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds of CPU per call, roughly.
const COST: u64 = 120;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let call = calls::get_plan(world.clients("edge").await?, world.families);
    let routed = Side::calls("GetPlan through the edge", world.processes(["edge", "family"])?, call);
    let mut sides = vec![point_read::service(world).await?, routed];
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let (direct, routed) = (&sides[0], &sides[1]);
    let findings = vec![
        Finding::new("CPU of the edge per call", "us", routed.each(|round| round.cpu_of("edge"))).at_most(25.0),
        Finding::new("CPU that all processes use more per call", "us", routed.difference(direct, Round::total)),
        Finding::new("added p50 with 16 concurrent calls", "ms", routed.difference(direct, |round| round.p50)),
    ];
    Ok(Outcome { what: "PlanService/GetPlan through the edge, and directly".to_owned(), sides, findings, ..Outcome::default() })
}
