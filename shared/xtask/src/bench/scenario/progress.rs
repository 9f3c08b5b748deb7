//! Progress of one challenge that all take part in, and of many.

use anyhow::{Context as _, Result};

use super::without_pgbench;
use crate::bench::calls;
use crate::bench::data::{self, holder};
use crate::bench::load::IN_FLIGHT;
use crate::bench::recording::{self, Script, Statement};
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::side::{POSTGRESQL, Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds that a call takes, roughly.
const COST: u64 = 700;
/// What Nakama 3.40 was measured to cost for a score, itself and PostgreSQL together.
const NAKAMA: f64 = 400.0 + 295.0;
/// Participants of the one challenge.
const HOT: u64 = 10_000;
/// Challenges of the many, each with all who call.
const MANY: u64 = 20;

/// What the service was seen to run for one call.
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
    let side = |name, call| {
        Ok::<_, anyhow::Error>(Side::Calls { name, processes: world.processes(["social"])?, call, at_once: IN_FLIGHT })
    };
    let (channels, tokens) = (world.channels("social").await?, &world.tokens);
    let mut sides = vec![
        side("RecordProgress, one challenge", calls::record(channels.clone(), tokens.clone(), vec![hot]))?,
        side("RecordProgress, many challenges", calls::record(channels, tokens.clone(), many))?,
    ];
    let social = world.social.clone();
    let script = |write: &Statement| script(hot, &recorded.read, write);
    sides.extend(Side::script("pgbench, one challenge", world.pgbench.as_ref(), &social, script(&recorded.write)));
    let unranked = without_ranks(&recorded.write)?;
    sides.extend(Side::script("pgbench, without ranks", world.pgbench.as_ref(), &social, script(&unranked)));
    let effort = world.effort(COST);
    let rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    let rate = |round: &Round| round.rate;
    let (one, many) = (&rounds[0], &rounds[1]);
    let mut findings = vec![
        Finding::ratio("rate of one challenge / of many", one.to(rate, many, rate), Some(Goal::AtLeast(0.8))),
        Finding::ratio("social and PostgreSQL / Nakama's", one.each(|round| round.total() / NAKAMA), Some(Goal::AtMost(1.0))),
    ];
    if let (Some(alone), Some(unranked)) = (rounds.get(2), rounds.get(3)) {
        findings.push(Finding::ratio("rate of the service / pgbench", one.to(rate, alone, rate), Some(Goal::AtLeast(0.85))));
        findings.push(Finding::ratio(
            "p99 of the service / pgbench",
            one.to(|r| r.p99, alone, |r| r.p99),
            Some(Goal::AtMost(1.5)),
        ));
        let cpu = |round: &Round| round.cpu_of(POSTGRESQL);
        findings.push(Finding::ratio("PostgreSQL with ranks / without", alone.to(cpu, unranked, cpu), Some(Goal::AtMost(1.15))));
    }
    Ok(Outcome {
        scenario: "progress".to_owned(),
        what: "ProgressService/RecordProgress of today, another amount each time; pgbench runs the same two statements"
            .to_owned(),
        sides: rounds,
        findings,
        curves: Vec::new(),
        notes: without_pgbench(world),
    })
}

/// Has PostgreSQL log what the service does for one call.
async fn record(world: &mut World<'_>, challenge: uuid::Uuid) -> Result<Recorded> {
    world.services.stop_one("social").await?;
    world.sql.batch_execute("ALTER ROLE orchard_social SET log_statement = 'all'").await?;
    world.services.start_one("social", world.keys)?;
    world.ready("social").await?;
    let channels = world.channels("social").await?;
    let call = calls::record_one(channels, world.tokens.clone(), challenge, data::RECORDED);
    call(0).await?;
    world.services.stop_one("social").await?;
    world.sql.batch_execute("ALTER ROLE orchard_social RESET log_statement").await?;
    world.services.start_one("social", world.keys)?;
    world.ready("social").await?;
    let log = std::fs::read(&world.log).context("PostgreSQL has no log")?;
    let statements = recording::parse(&String::from_utf8_lossy(&log));
    let (challenge, user) = (challenge.to_string(), holder(1).to_string());
    let read = recording::with(&statements, &[&challenge, &user]).context("the read is not in the log")?.clone();
    let amount = data::RECORDED.to_string();
    let write = recording::with(&statements, &[&amount]).context("the write is not in the log")?.clone();
    Ok(Recorded { read, write })
}

/// The two statements, of any of those who call; what Rust computes in between pgbench does, too.
fn script(challenge: uuid::Uuid, read: &Statement, write: &Statement) -> Script {
    let (challenge, user) = (challenge.to_string(), holder(1).to_string());
    let amount = data::RECORDED.to_string();
    let (difference, version) = (data::DIFFERENCE.to_string(), data::VERSION.to_string());
    let participant = write.parameters.get(3).cloned().flatten().unwrap_or_default();
    super::walk(data::HOLDERS)
        .statement(read, &[(&challenge, &format!("'{challenge}'")), (&user, ":viewer")], r" \gset")
        .lines("\\set amount random(1, 90000)\n\\set difference :amount - :daily_score")
        .statement(
            write,
            &[(&participant, ":id"), (&version, ":progress_version"), (&difference, ":difference"), (&amount, ":amount")],
            ";",
        )
}

/// The write without what keeps ranks.
fn without_ranks(write: &Statement) -> Result<Statement> {
    let (before, rest) = write.sql.split_once(", change AS (").context("the write keeps no ranks")?;
    let (_, after) = rest.rsplit_once(") SELECT").context("the write ends otherwise")?;
    let mut unranked = write.clone();
    unranked.sql = format!("{before} SELECT{after}");
    Ok(unranked)
}
