//! Spending from a wallet: a request id is stored, a row locked, a balance and an entry written.

use anyhow::{Result, ensure};

use crate::bench::calls;
use crate::bench::data::{FAMILIES, holder, plan};
use crate::bench::report::{Finding, Outcome};
use crate::bench::script::{NEW_ID, NEW_KEY, Script};
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds per call, roughly.
const COST: u64 = 600;

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let families = world.families;
    let mut sides = vec![service(world, "Spend, many wallets", families).await?, service(world, "Spend, one wallet", 1).await?];
    sides.extend(yardstick(world, "pgbench, many wallets", Script::walk(families))?);
    let one = Script::default().constant("plan", plan(1)).constant("viewer", holder(1));
    sides.extend(yardstick(world, "pgbench, one wallet", one)?);
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let (many, one) = (&sides[0], &sides[1]);
    let rate = |round: &Round| round.rate;
    let mut findings = Vec::new();
    if let (Some(many_alone), Some(one_alone)) = (sides.get(2), sides.get(3)) {
        findings.extend([
            Finding::ratio("one wallet: rate of the service / pgbench", one.ratio(rate, one_alone, rate)).at_least(0.8),
            Finding::ratio("many wallets: rate of the service / pgbench", many.ratio(rate, many_alone, rate)),
            Finding::ratio(
                "one wallet: CPU of service and PostgreSQL / pgbench's PostgreSQL",
                one.ratio(Round::total, one_alone, Round::total),
            ),
            Finding::ratio(
                "many wallets: CPU of service and PostgreSQL / pgbench's PostgreSQL",
                many.ratio(Round::total, many_alone, Round::total),
            ),
        ]);
    }
    findings.push(Finding::ratio("rate of one wallet / of many", one.ratio(rate, many, rate)));
    let what = "WalletService/Spend of a cent; pgbench runs the same transaction".to_owned();
    Ok(Outcome { what, sides, findings, ..Outcome::default() })
}

/// Returns the side of Spend at the slice.
pub(super) async fn service(world: &World<'_>, name: &'static str, families: u64) -> Result<Side> {
    let call = calls::spend(world.clients("family").await?, families);
    Ok(Side::calls(name, world.processes(["family"])?, call))
}

/// Returns the side of its transaction alone, on the plan that the script chooses. pgbench computes what the service does in between.
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
    ensure!(locks, "Spend locks no plan: pgbench cannot run the same transaction");
    Ok(world.script(name, &world.family, script))
}
