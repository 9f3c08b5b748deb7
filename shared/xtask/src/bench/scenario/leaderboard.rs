//! My rank, the top 100 and the entries around me, on boards of 1,000 to 1,000,000 participants.

use anyhow::{Context as _, Result};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::bench::accounting;
use crate::bench::calls;
use crate::bench::data;
use crate::bench::figures::Spread;
use crate::bench::report::{Curve, Finding, Outcome};
use crate::bench::side::{Effort, POSTGRESQL, Round, Rounds, Side, alternate};
use crate::bench::world::{Amount, World};

/// Microseconds of CPU per call, roughly.
const COST: u64 = 250;
/// Lowest CPU per call of Nakama 3.40 and PostgreSQL on a similar machine, in microseconds.
const NAKAMA_TOP: f64 = 663.0 + 339.0;
const NAKAMA_AROUND: f64 = 546.0 + 416.0;
const SIDES: [(&str, usize, &str); 6] = [
    ("GetStanding: social", 0, "social"),
    ("GetStanding: PostgreSQL", 0, POSTGRESQL),
    ("ListLeaderboard, 100: social", 1, "social"),
    ("ListLeaderboard, 100: PostgreSQL", 1, POSTGRESQL),
    ("GetLeaderboardAroundMe, 10: social", 2, "social"),
    ("GetLeaderboardAroundMe, 10: PostgreSQL", 2, POSTGRESQL),
];
/// My rank by counting higher scores one by one.
const COUNT: &str = "SELECT 1 + count(*) FROM social.challenge_participants p WHERE challenge_id = $1 AND on_board
    AND final_score > (SELECT final_score FROM social.challenge_participants WHERE challenge_id = $1 AND user_id = $2)";
/// My rank by the specification's view.
const VIEW: &str = "SELECT current_rank FROM bench.challenge_leaderboards WHERE challenge_id = $1 AND user_id = $2";
const VIEW_TOP: &str = "SELECT * FROM bench.challenge_leaderboards WHERE challenge_id = $1 ORDER BY current_rank LIMIT 100";

/// The results for one size.
struct Measured {
    size: u64,
    rounds: Vec<Rounds>,
    count: f64,
    view: f64,
    view_top: f64,
}

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let sizes: &[u64] = match world.amount {
        Amount::Glance => &[1_000],
        Amount::Quick => &[1_000, 10_000],
        Amount::Full => &[1_000, 10_000, 100_000, 1_000_000],
    };
    world.sql.batch_execute(data::SPECIFIED_VIEW).await?;
    let mut all = Vec::new();
    for size in sizes {
        let challenge = data::board(&world.sql, *size).await?;
        all.push(measure(world, *size, challenge).await?);
    }
    let mut curves: Vec<Curve> = SIDES.map(|(name, _, _)| Curve { name, points: Vec::new() }).into();
    for measured in &all {
        for (curve, (_, side, process)) in curves.iter_mut().zip(SIDES) {
            let of = Spread::of(measured.rounds[side].each(|round| round.cpu_of(process)));
            curve.points.extend(of.map(|spread| (measured.size, spread)));
        }
    }
    let findings = findings(&all).context("no board was measured")?;
    let what = format!(
        "LeaderboardService on boards of {sizes:?}; Nakama's figures are of another machine, with gRPC and the same PostgreSQL"
    );
    Ok(Outcome { what, sides: all.pop().map(|last| last.rounds).unwrap_or_default(), findings, curves })
}

async fn measure(world: &mut World<'_>, size: u64, challenge: Uuid) -> Result<Measured> {
    let (clients, social) = (world.clients("social").await?, world.processes(["social"])?);
    let mut sides = [
        Side::calls("GetStanding", social.clone(), calls::standing(clients.clone(), challenge)),
        Side::calls("ListLeaderboard, 100", social.clone(), calls::top(clients.clone(), challenge)),
        Side::calls("GetLeaderboardAroundMe, 10", social, calls::around(clients, challenge)),
    ];
    let effort = Effort { rounds: 3, ..world.effort(COST) };
    let rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    // The statements are slow on large boards.
    let times = if size > 10_000 { 5 } else { 50 };
    let mine: [&(dyn ToSql + Sync); 2] = [&challenge, &data::holder(500)];
    Ok(Measured {
        size,
        rounds,
        count: alone(world, COUNT, &mine, times).await?,
        view: alone(world, VIEW, &mine, times.min(10)).await?,
        view_top: alone(world, VIEW_TOP, &mine[..1], times.min(10)).await?,
    })
}

/// Measures PostgreSQL's CPU for a statement in microseconds.
async fn alone(world: &World<'_>, sql: &str, parameters: &[&(dyn ToSql + Sync)], times: u32) -> Result<f64> {
    let statement = world.sql.prepare(sql).await?;
    world.sql.query(&statement, parameters).await?;
    let before = accounting::with_children(world.meter.postgres)?;
    for _ in 0..times {
        world.sql.query(&statement, parameters).await?;
    }
    Ok((accounting::with_children(world.meter.postgres)? - before) / f64::from(times))
}

fn findings(all: &[Measured]) -> Option<Vec<Finding>> {
    let (smallest, largest) = (all.first()?, all.last()?);
    let at_ten = all.iter().find(|measured| measured.size == 10_000).unwrap_or(smallest);
    let (standing, top, around) = (&largest.rounds[0], &largest.rounds[1], &largest.rounds[2]);
    let small_top = &smallest.rounds[1];
    let (size, small) = (largest.size, smallest.size);
    let times = |what: &str, cpu: f64| {
        Finding::ratio(format!("my rank at {size}: {what} / ours, PostgreSQL"), standing.each(|round| cpu / round.postgres()))
    };
    let (count, view) = (times("counting one by one", largest.count), times("specification's view", largest.view));
    // The goals are those of a million participants.
    let (count, view) = if size == 1_000_000 { (count.at_least(400.0), view.at_least(3_000.0)) } else { (count, view) };
    let rank = standing.ratio(Round::postgres, &at_ten.rounds[0], Round::postgres);
    let view_top = small_top.each(|round| smallest.view_top / round.postgres());
    Some(vec![
        Finding::ratio(format!("my rank: PostgreSQL at {size} / at {}", at_ten.size), rank).at_most(1.2),
        count,
        view,
        Finding::ratio(format!("top 100 at {small}: specification's view / ours, PostgreSQL"), view_top).at_least(10.0),
        Finding::ratio(
            format!("top 100: PostgreSQL at {size} / at {small}"),
            top.ratio(Round::postgres, small_top, Round::postgres),
        ),
        Finding::ratio("top 100: social and PostgreSQL / Nakama's", top.each(|round| round.total() / NAKAMA_TOP)).at_most(0.25),
        Finding::ratio("around me: social and PostgreSQL / Nakama's my rank", around.each(|round| round.total() / NAKAMA_AROUND))
            .at_most(0.25),
    ])
}
