//! Money out of a wallet: a key claimed, a row locked, a balance and a line written.

use anyhow::{Context as _, Result};

use super::{NEW_ID, NEW_KEY, walk, without_pgbench};
use crate::bench::calls;
use crate::bench::data::{FAMILIES, holder, plan};
use crate::bench::load::IN_FLIGHT;
use crate::bench::recording::Script;
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::side::{Effort, Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds that a call takes, roughly.
const COST: u64 = 600;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let families = world.families;
    let mut sides = vec![service(world, "Spend, many wallets", families).await?, service(world, "Spend, one wallet", 1).await?];
    sides.extend(yardstick(world, "pgbench, many wallets", walk(families))?);
    let one = Script::default().constant("plan", plan(1)).constant("viewer", holder(1));
    sides.extend(yardstick(world, "pgbench, one wallet", one)?);
    let effort: Effort = world.effort(COST);
    let rounds = alternate(&mut world.meter, &mut sides, effort).await?;
    let (many, one) = (&rounds[0], &rounds[1]);
    let rate = |round: &Round| round.rate;
    let mut findings = Vec::new();
    if let (Some(many_alone), Some(one_alone)) = (rounds.get(2), rounds.get(3)) {
        let goal = Some(Goal::AtLeast(0.8));
        findings.push(Finding::ratio("one wallet: rate of the service / pgbench", one.to(rate, one_alone, rate), goal));
        findings.push(Finding::ratio("many wallets: rate of the service / pgbench", many.to(rate, many_alone, rate), None));
        let cpu = one.to(Round::total, one_alone, Round::total);
        findings.push(Finding::ratio("one wallet: CPU of service and PostgreSQL / pgbench's PostgreSQL", cpu, None));
        let cpu = many.to(Round::total, many_alone, Round::total);
        findings.push(Finding::ratio("many wallets: CPU of service and PostgreSQL / pgbench's PostgreSQL", cpu, None));
    }
    findings.push(Finding::ratio("rate of one wallet / of many", one.to(rate, many, rate), None));
    Ok(Outcome {
        scenario: "spend".to_owned(),
        what: "WalletService/Spend of a cent; pgbench runs the same transaction".to_owned(),
        sides: rounds,
        findings,
        curves: Vec::new(),
        notes: without_pgbench(world),
    })
}

/// Spend at the slice.
pub(super) async fn service(world: &World<'_>, name: &'static str, families: u64) -> Result<Side> {
    let call = calls::spend(world.channels("family").await?, world.tokens.clone(), families);
    Ok(Side::Calls { name, processes: world.processes(["family"])?, call, at_once: IN_FLIGHT })
}

/// Its transaction alone, for the plan that the script has chosen. What Rust computes between the statements pgbench does, too.
fn yardstick(world: &World<'_>, name: &'static str, mut script: Script) -> Result<Option<Side>> {
    let recorded = &world.recorded;
    let (plan, viewer) = (plan(FAMILIES).to_string(), holder(FAMILIES).to_string());
    let reference = format!("{}{}", viewer.replace('-', ""), recorded.spend_request.replace('-', ""));
    let ids = format!("{{{}}}", recorded.spend_entry);
    let array = format!("ARRAY[{NEW_ID}]");
    script = script.lines(NEW_KEY);
    let replaced: [(&str, &str); 8] = [
        (&plan, ":plan"),
        (&viewer, ":viewer"),
        (&recorded.spend_request, "gen_random_uuid()"),
        (&recorded.spend_entry, NEW_ID),
        (&ids, &array),
        (&reference, "gen_random_uuid()::text"),
        ("2", ":sequence"),
        ("999999.99", ":balance"),
    ];
    let mut locks = false;
    for statement in &recorded.spend {
        if statement.sql.contains("FOR NO KEY UPDATE") {
            locks = true;
            script = script.statement(statement, &replaced, r" \gset");
            script = script.lines("\\set balance :shared_wallet_balance - 0.01\n\\set sequence :wallet_sequence + 1");
        } else {
            script = script.statement(statement, &replaced, ";");
        }
    }
    locks.then_some(()).context("Spend locks no plan, so its transaction is not the one that pgbench is to run")?;
    Ok(Side::script(name, world.pgbench.as_ref(), &world.family, script))
}
