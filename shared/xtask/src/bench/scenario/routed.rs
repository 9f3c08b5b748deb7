//! What the front door adds.

use anyhow::Result;

use super::point_read;
use crate::bench::calls;
use crate::bench::load::IN_FLIGHT;
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::side::{Round, Rounds, Side, alternate};
use crate::bench::world::World;

/// Microseconds of CPU that a call costs, roughly.
const COST: u64 = 120;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let routed = Side::Calls {
        name: "GetPlan through the edge",
        processes: world.processes(["edge", "family"])?,
        call: calls::get_plan(world.channels("edge").await?, world.tokens.clone(), world.families),
        at_once: IN_FLIGHT,
    };
    let mut sides = vec![point_read::service(world).await?, routed];
    let effort = world.effort(COST);
    let rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    let (direct, routed) = (&rounds[0], &rounds[1]);
    let findings = vec![
        Finding::of("CPU of the edge per call", "us", routed.each(|round| round.cpu_of("edge")), Some(Goal::AtMost(25.0))),
        Finding::of("CPU of all that a call through the edge has more", "us", more(routed, direct, Round::total), None),
        Finding::of("p50 that it has more, with 16 calls at once", "ms", more(routed, direct, |round| round.p50), None),
    ];
    Ok(Outcome {
        scenario: "routed".to_owned(),
        what: "PlanService/GetPlan through the edge, and directly".to_owned(),
        sides: rounds,
        findings,
        curves: Vec::new(),
        notes: Vec::new(),
    })
}

fn more(these: &Rounds, those: &Rounds, figure: fn(&Round) -> f64) -> Vec<f64> {
    these.each(figure).iter().zip(those.each(figure)).map(|(this, that)| this - that).collect()
}
