//! The cost of calls with ten and a hundred times as many families.

use anyhow::Result;

use super::{point_read, spend};
use crate::bench::data;
use crate::bench::figures::Spread;
use crate::bench::report::{Curve, Outcome};
use crate::bench::side::{Effort, POSTGRESQL, alternate};
use crate::bench::world::{Amount, World};

/// Microseconds of CPU per call, roughly.
const COST: u64 = 400;
/// Names, sides and processes.
const CURVES: [(&str, usize, &str); 5] = [
    ("GetPlan: family", 0, "family"),
    ("GetPlan: PostgreSQL", 0, POSTGRESQL),
    ("GetPlan's statement in pgbench", 2, POSTGRESQL),
    ("Spend: family", 1, "family"),
    ("Spend: PostgreSQL", 1, POSTGRESQL),
];

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let sizes: &[u64] = match world.amount {
        Amount::Glance | Amount::Quick => &[1_000, 4_000],
        Amount::Full => &[1_000, 10_000, 100_000],
    };
    let mut curves: Vec<Curve> = CURVES.map(|(name, _, _)| Curve { name, points: Vec::new() }).into();
    for size in sizes {
        if *size > world.families {
            data::families(&world.sql, world.families + 1, *size).await?;
            world.families = *size;
            world.sql.batch_execute("CHECKPOINT").await?;
        }
        let mut measured = vec![point_read::service(world).await?, spend::service(world, "Spend", *size).await?];
        measured.extend(point_read::yardstick(world)?);
        let effort = Effort { rounds: 3, ..world.effort(COST) };
        let rounds = alternate(&mut world.meter, &mut measured, effort).await?;
        for (curve, (_, side, process)) in curves.iter_mut().zip(CURVES) {
            let Some(rounds) = rounds.get(side) else { continue };
            curve.points.extend(Spread::of(rounds.each(|round| round.cpu_of(process))).map(|spread| (*size, spread)));
        }
    }
    Ok(Outcome { what: format!("GetPlan and Spend with {sizes:?} families"), curves, ..Outcome::default() })
}
