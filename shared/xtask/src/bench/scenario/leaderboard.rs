//! My rank, the first hundred and those around me, on boards of a thousand participants and of a thousand times as many.

use anyhow::{Context as _, Result};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::bench::accounting;
use crate::bench::calls;
use crate::bench::data;
use crate::bench::figures::Spread;
use crate::bench::load::IN_FLIGHT;
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::side::{Effort, POSTGRESQL, Round, Rounds, Side, alternate};
use crate::bench::svg::Curve;
use crate::bench::world::{Amount, World};

/// Microseconds of CPU that a call costs, roughly.
const COST: u64 = 250;
/// What Nakama 3.40 was measured to cost on such a machine, itself and PostgreSQL together, in microseconds: the least of each.
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
/// The same without counts: whoever has a higher score, one by one.
const COUNT: &str = "SELECT 1 + count(*) FROM social.challenge_participants p WHERE challenge_id = $1 AND on_board
    AND final_score > (SELECT final_score FROM social.challenge_participants WHERE challenge_id = $1 AND user_id = $2)";
/// By the specification's own view.
const VIEW: &str = "SELECT current_rank FROM bench.challenge_leaderboards WHERE challenge_id = $1 AND user_id = $2";
const VIEW_TOP: &str = "SELECT * FROM bench.challenge_leaderboards WHERE challenge_id = $1 ORDER BY current_rank LIMIT 100";

/// What was measured of one size.
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
    let findings = findings(&all).context("nothing was measured")?;
    let notes = vec!["Nakama's figures were measured elsewhere, on such a machine: 3.40, the same PostgreSQL, gRPC".to_owned()];
    Ok(Outcome {
        scenario: "leaderboard".to_owned(),
        what: format!("LeaderboardService on boards of {sizes:?}; statements are run one after the other"),
        sides: all.pop().map(|last| last.rounds).unwrap_or_default(),
        findings,
        curves,
        notes,
    })
}

async fn measure(world: &mut World<'_>, size: u64, challenge: Uuid) -> Result<Measured> {
    let side = async |name, call| {
        Ok::<_, anyhow::Error>(Side::Calls { name, processes: world.processes(["social"])?, call, at_once: IN_FLIGHT })
    };
    let (channels, tokens) = (world.channels("social").await?, &world.tokens);
    let mut sides = vec![
        side("GetStanding", calls::standing(channels.clone(), tokens.clone(), challenge)).await?,
        side("ListLeaderboard, 100", calls::top(channels.clone(), tokens.clone(), challenge)).await?,
        side("GetLeaderboardAroundMe, 10", calls::around(channels, tokens.clone(), challenge)).await?,
    ];
    let effort = Effort { rounds: 3, ..world.effort(COST) };
    let rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    // The larger the board, the dearer each: a few are enough.
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

/// PostgreSQL's CPU for a statement, in microseconds.
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
    let postgres = |round: &Round| round.cpu_of(POSTGRESQL);
    let at_ten = all.iter().find(|measured| measured.size == 10_000).unwrap_or(smallest);
    let (standing, top, around) = (&largest.rounds[0], &largest.rounds[1], &largest.rounds[2]);
    let times = |dear: f64| standing.each(|round| dear / postgres(round));
    let size = largest.size;
    let is_full = size == 1_000_000;
    let goal = |least| is_full.then_some(Goal::AtLeast(least));
    let top_here = &smallest.rounds[1];
    Some(vec![
        Finding::ratio(
            format!("my rank: PostgreSQL at {size} / at {}", at_ten.size),
            standing.to(postgres, &at_ten.rounds[0], postgres),
            Some(Goal::AtMost(1.2)),
        ),
        Finding::ratio(format!("my rank at {size}: counting one by one / ours, PostgreSQL"), times(largest.count), goal(400.0)),
        Finding::ratio(format!("my rank at {size}: specification's view / ours, PostgreSQL"), times(largest.view), goal(3_000.0)),
        Finding::ratio(
            format!("top 100 at {}: specification's view / ours, PostgreSQL", smallest.size),
            top_here.each(|round| smallest.view_top / postgres(round)),
            Some(Goal::AtLeast(10.0)),
        ),
        Finding::ratio(
            format!("top 100: PostgreSQL at {size} / at {}", smallest.size),
            top.to(postgres, top_here, postgres),
            None,
        ),
        Finding::ratio(
            "top 100: social and PostgreSQL / Nakama's",
            top.each(|round| round.total() / NAKAMA_TOP),
            Some(Goal::AtMost(0.25)),
        ),
        Finding::ratio(
            "around me: social and PostgreSQL / Nakama's my rank",
            around.each(|round| round.total() / NAKAMA_AROUND),
            Some(Goal::AtMost(0.25)),
        ),
    ])
}
