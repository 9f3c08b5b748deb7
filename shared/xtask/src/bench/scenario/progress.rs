//! Progress in one challenge of all callers, and in many.

use anyhow::{Context as _, Result};

use crate::bench::calls;
use crate::bench::data::{self, holder};
use crate::bench::recording::{self, Statement};
use crate::bench::report::{Finding, Outcome};
use crate::bench::script::Script;
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds per call, roughly.
const COST: u64 = 700;
/// CPU of Nakama 3.40 and PostgreSQL for a score on a similar machine, in microseconds.
const NAKAMA: f64 = 400.0 + 295.0;
/// Participants of the one challenge.
const HOT: u64 = 10_000;
/// Number of challenges of the many, each with all callers.
const MANY: u64 = 20;

/// The statements of one call.
struct Recorded {
    read: Statement,
    write: Statement,
}

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let hot = data::board(&world.sql, HOT).await?;
    let mut many = Vec::new();
    for number in 0..MANY {
        many.push(data::small_board(&world.sql, number).await?);
    }
    let recorded = record(world, hot).await?;
    let (clients, social) = (world.clients("social").await?, world.processes(["social"])?);
    let mut sides = vec![
        Side::calls("RecordProgress, one challenge", social.clone(), calls::record(clients.clone(), vec![hot])),
        Side::calls("RecordProgress, many challenges", social, calls::record(clients, many)),
    ];
    let script = |write: &Statement| script(hot, &recorded.read, write);
    sides.extend(world.script("pgbench, one challenge", &world.social, script(&recorded.write)));
    let unranked = without_ranks(&recorded.write)?;
    sides.extend(world.script("pgbench, without ranks", &world.social, script(&unranked)));
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let rate = |round: &Round| round.rate;
    let p99 = |round: &Round| round.p99;
    let (one, many) = (&sides[0], &sides[1]);
    let mut findings = vec![
        Finding::ratio("rate of one challenge / of many", one.ratio(rate, many, rate)).at_least(0.8),
        Finding::ratio("social and PostgreSQL / Nakama's", one.each(|round| round.total() / NAKAMA)).at_most(1.0),
    ];
    if let (Some(alone), Some(unranked)) = (sides.get(2), sides.get(3)) {
        let ranks = alone.ratio(Round::postgres, unranked, Round::postgres);
        findings.extend([
            Finding::ratio("rate of the service / pgbench", one.ratio(rate, alone, rate)).at_least(0.85),
            Finding::ratio("p99 of the service / pgbench", one.ratio(p99, alone, p99)).at_most(1.5),
            Finding::ratio("PostgreSQL with ranks / without", ranks).at_most(1.15),
        ]);
    }
    let what = "ProgressService/RecordProgress of today, with another amount each time; pgbench runs the same two statements";
    Ok(Outcome { what: what.to_owned(), sides, findings, ..Outcome::default() })
}

/// Records the statements of one call.
async fn record(world: &mut World<'_>, challenge: uuid::Uuid) -> Result<Recorded> {
    let call = async |clients| Ok(calls::record_one(clients, challenge, data::RECORDED)(0).await?);
    let (statements, ()) = world.record("social", call).await?;
    let (challenge, user) = (challenge.to_string(), holder(1).to_string());
    let read = recording::with(&statements, &[&challenge, &user]).context("the read is not in the log")?.clone();
    let amount = data::RECORDED.to_string();
    let write = recording::with(&statements, &[&amount]).context("the write is not in the log")?.clone();
    Ok(Recorded { read, write })
}

/// Returns the two statements for any of the callers. pgbench computes what the service does in between.
fn script(challenge: uuid::Uuid, read: &Statement, write: &Statement) -> Script {
    let (challenge, user) = (challenge.to_string(), holder(1).to_string());
    let amount = data::RECORDED.to_string();
    let (difference, version) = (data::DIFFERENCE.to_string(), data::VERSION.to_string());
    let participant = write.parameters.get(3).cloned().flatten().unwrap_or_default();
    Script::walk(data::HOLDERS)
        .statement(read, &[(&challenge, &format!("'{challenge}'")), (&user, ":viewer")], r" \gset")
        .lines("\\set amount random(1, 90000)\n\\set difference :amount - :daily_score")
        .statement(
            write,
            &[(&participant, ":id"), (&version, ":progress_version"), (&difference, ":difference"), (&amount, ":amount")],
            ";",
        )
}

/// Removes from the write what maintains ranks.
fn without_ranks(write: &Statement) -> Result<Statement> {
    let (before, rest) = write.sql.split_once(", change AS (").context("the write maintains no ranks")?;
    let (_, after) = rest.split_once("), day AS (").context("the write has an unknown form")?;
    let mut unranked = write.clone();
    unranked.sql = format!("{before}, day AS ({after}");
    Ok(unranked)
}
