//! Measures calls and scripts side by side.

use anyhow::Result;
use serde::Serialize;
use tokio_postgres::Config;

use super::accounting;
use super::figures::{Spread, ratios};
use super::load::{self, Call, IN_FLIGHT, Pace};
use super::pgbench::Pgbench;
use super::script::Script;

/// The name of all processes of the server.
pub const POSTGRESQL: &str = "PostgreSQL";
/// Transactions per client of a run that is subtracted from a long one, because it costs mainly pgbench's connections and plans.
const SHORT_RUN: usize = 20;

/// One of the things that are compared.
pub enum Side {
    /// Calls to services.
    Calls {
        /// Name in the report.
        name: &'static str,
        /// Names and ids of the processes whose CPU time counts, beside PostgreSQL's.
        processes: Vec<(&'static str, u32)>,
        /// Makes a call.
        call: Call,
        /// Concurrent calls.
        at_once: usize,
    },
    /// Statements without a service.
    Script {
        /// Name in the report.
        name: &'static str,
        /// Runs the script.
        pgbench: Pgbench,
        /// The database.
        database: Box<Config>,
        /// The statements.
        script: Script,
        /// CPU of PostgreSQL for each short run.
        overhead: Vec<f64>,
    },
}

/// One round of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Calls or transactions per second.
    pub rate: f64,
    /// Milliseconds.
    pub p50: f64,
    /// Milliseconds.
    pub p99: f64,
    /// Microseconds of CPU per call, by process.
    pub cpu: Vec<(&'static str, f64)>,
}

/// All rounds of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Rounds {
    /// Name of the side.
    pub name: &'static str,
    /// The rounds in their order.
    pub rounds: Vec<Round>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Calls of a round.
    pub calls: u64,
    /// Rounds of each side.
    pub rounds: usize,
}

/// What measuring needs.
#[derive(Debug)]
pub struct Meter {
    /// Process id of PostgreSQL's postmaster.
    pub postgres: u32,
    /// Number of the next call.
    pub next: u64,
}

impl Side {
    /// Returns a side of calls, as many at once as pgbench has clients.
    pub fn calls(name: &'static str, processes: Vec<(&'static str, u32)>, call: Call) -> Self {
        Self::Calls { name, processes, call, at_once: IN_FLIGHT }
    }

    /// Returns a side of statements.
    pub fn script(name: &'static str, pgbench: Pgbench, database: &Config, script: Script) -> Self {
        Self::Script { name, pgbench, database: Box::new(database.clone()), script, overhead: Vec::new() }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Calls { name, .. } | Self::Script { name, .. } => name,
        }
    }

    async fn run(&mut self, meter: &mut Meter, calls: u64) -> Result<Round> {
        match self {
            Self::Calls { processes, call, at_once, .. } => {
                let numbers = meter.next..meter.next + calls;
                meter.next += calls;
                let cpu = |processes: &[(&'static str, u32)]| -> Result<Vec<f64>> {
                    let own = processes.iter().map(|(_, pid)| accounting::of_process(*pid));
                    own.chain([accounting::with_children(meter.postgres)]).collect()
                };
                let before = cpu(processes)?;
                let pace = load::run(call, numbers, *at_once).await?;
                let names = processes.iter().map(|(name, _)| *name).chain([POSTGRESQL]);
                let used = before.iter().zip(cpu(processes)?).map(|(before, after)| (after - before) / calls as f64);
                Ok(round(pace, calls, names.zip(used).collect()))
            }
            Self::Script { pgbench, database, script, overhead, .. } => {
                let transactions = (calls as usize / IN_FLIGHT).max(SHORT_RUN * 2);
                let run = async |transactions| {
                    let before = accounting::with_children(meter.postgres)?;
                    let pace = pgbench.run(database, script, transactions).await?;
                    Ok::<_, anyhow::Error>((pace, accounting::with_children(meter.postgres)? - before))
                };
                overhead.push(run(SHORT_RUN).await?.1);
                let (pace, used) = run(transactions).await?;
                let median = Spread::of(overhead.iter().copied()).map_or(0.0, |spread| spread.median);
                let counted = ((transactions - SHORT_RUN) * IN_FLIGHT) as f64;
                Ok(round(pace, (transactions * IN_FLIGHT) as u64, vec![(POSTGRESQL, (used - median) / counted)]))
            }
        }
    }
}

fn round(pace: Pace, calls: u64, cpu: Vec<(&'static str, f64)>) -> Round {
    Round { rate: calls as f64 / pace.time.as_secs_f64(), p50: pace.p50, p99: pace.p99, cpu }
}

/// Runs the sides in turn, A B A B, after a shorter turn as a warm-up.
pub async fn alternate(meter: &mut Meter, sides: &mut [Side], effort: Effort) -> Result<Vec<Rounds>> {
    let calls = vec![effort.calls; sides.len()];
    alternate_with(meter, sides, effort.rounds, &calls).await
}

/// Like [`alternate`], with so many calls in a round of each side.
pub async fn alternate_with(meter: &mut Meter, sides: &mut [Side], rounds: usize, calls: &[u64]) -> Result<Vec<Rounds>> {
    let mut all: Vec<Rounds> = sides.iter().map(|side| Rounds { name: side.name(), rounds: Vec::new() }).collect();
    for turn in 0..=rounds {
        for ((side, measured), calls) in sides.iter_mut().zip(&mut all).zip(calls) {
            let round = side.run(meter, if turn == 0 { calls / 4 } else { *calls }).await?;
            if turn > 0 {
                measured.rounds.push(round);
            }
        }
    }
    Ok(all)
}

impl Round {
    /// Returns the CPU per call of one process.
    pub fn cpu_of(&self, process: &str) -> f64 {
        self.cpu.iter().find(|(name, _)| *name == process).map_or(0.0, |(_, used)| *used)
    }

    /// Returns the CPU per call of PostgreSQL.
    pub fn postgres(&self) -> f64 {
        self.cpu_of(POSTGRESQL)
    }

    /// Returns the CPU per call of all processes.
    pub fn total(&self) -> f64 {
        self.cpu.iter().map(|(_, used)| used).sum()
    }
}

impl Rounds {
    /// Returns one figure of each round.
    pub fn each(&self, figure: impl Fn(&Round) -> f64) -> Vec<f64> {
        self.rounds.iter().map(figure).collect()
    }

    /// Divides, round by round, a figure of this side by a figure of another.
    pub fn ratio(&self, figure: impl Fn(&Round) -> f64, other: &Self, its: impl Fn(&Round) -> f64) -> Vec<f64> {
        ratios(&self.each(figure), &other.each(its))
    }

    /// Subtracts, round by round, the same figure of another side.
    pub fn difference(&self, other: &Self, figure: impl Fn(&Round) -> f64) -> Vec<f64> {
        self.each(&figure).iter().zip(other.each(&figure)).map(|(this, that)| this - that).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_compared_in_pairs() {
        let of = |name, figures: &[(f64, f64)]| Rounds {
            name,
            rounds: figures
                .iter()
                .map(|(service, postgres)| Round {
                    rate: 1.0,
                    p50: 1.0,
                    p99: 1.0,
                    cpu: vec![("family", *service), (POSTGRESQL, *postgres)],
                })
                .collect(),
        };
        let (these, those) = (of("a", &[(30.0, 50.0), (60.0, 90.0)]), of("b", &[(0.0, 40.0), (0.0, 100.0)]));
        assert_eq!(these.ratio(Round::total, &those, Round::postgres), [2.0, 1.5]);
        assert_eq!(these.each(|round| round.cpu_of("family")), [30.0, 60.0]);
    }
}
