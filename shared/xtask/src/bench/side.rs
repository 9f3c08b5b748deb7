//! What is measured side by side, and one round of it.

use anyhow::Result;
use serde::Serialize;
use tokio_postgres::Config;

use super::accounting;
use super::figures::{Spread, ratios};
use super::load::{self, Call, IN_FLIGHT, Pace};
use super::pgbench::Pgbench;
use super::recording::Script;

/// The server's processes together.
pub const POSTGRESQL: &str = "PostgreSQL";
/// Connections and plans of pgbench's are not part of what a statement costs: a run this short is subtracted from a long one.
const SHORT_RUN: usize = 20;

/// What is measured.
pub enum Side {
    /// Calls to services.
    Calls {
        /// In the report.
        name: &'static str,
        /// What the call costs whom: names and process ids.
        processes: Vec<(&'static str, u32)>,
        /// Makes one.
        call: Call,
        /// So many at once.
        at_once: usize,
    },
    /// Statements without a service.
    Script {
        /// In the report.
        name: &'static str,
        /// What runs them.
        pgbench: Pgbench,
        /// Where.
        database: Box<Config>,
        /// Them.
        script: Script,
        /// What a short run of it costs PostgreSQL.
        overhead: Vec<f64>,
    },
}

/// One round of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Calls or transactions a second.
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
    /// Of the side.
    pub name: &'static str,
    /// In the order in which they were run.
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

/// Which process is PostgreSQL's first, and the numbers of calls that were made.
#[derive(Debug)]
pub struct Meter {
    /// The parent of all its others.
    pub postgres: u32,
    /// That of the next call.
    pub next: u64,
}

impl Side {
    /// What runs so often per client, when there is something to run it.
    pub fn script(name: &'static str, pgbench: Option<&Pgbench>, database: &Config, script: Script) -> Option<Self> {
        let pgbench = pgbench?.clone();
        Some(Self::Script { name, pgbench, database: Box::new(database.clone()), script, overhead: Vec::new() })
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
                let look = |processes: &[(&'static str, u32)]| -> Result<Vec<f64>> {
                    let mut cpu = Vec::new();
                    for (_, pid) in processes {
                        cpu.push(accounting::of_process(*pid)?);
                    }
                    cpu.push(accounting::with_children(meter.postgres)?);
                    Ok(cpu)
                };
                let before = look(processes)?;
                let pace = load::run(call, numbers, *at_once).await?;
                let names = processes.iter().map(|(name, _)| *name).chain([POSTGRESQL]);
                let used = before.iter().zip(look(processes)?).map(|(before, after)| (after - before) / calls as f64);
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
                let spared = Spread::of(overhead.iter().copied()).map_or(0.0, |spread| spread.median);
                let counted = ((transactions - SHORT_RUN) * IN_FLIGHT) as f64;
                Ok(round(pace, (transactions * IN_FLIGHT) as u64, vec![(POSTGRESQL, (used - spared) / counted)]))
            }
        }
    }
}

fn round(pace: Pace, calls: u64, cpu: Vec<(&'static str, f64)>) -> Round {
    Round { rate: calls as f64 / pace.time.as_secs_f64(), p50: pace.p50, p99: pace.p99, cpu }
}

/// Runs the sides in turn, A B A B, after one turn that only warms up.
pub async fn alternate(meter: &mut Meter, sides: &mut [Side], effort: Effort) -> Result<Vec<Rounds>> {
    let mut all: Vec<Rounds> = sides.iter().map(|side| Rounds { name: side.name(), rounds: Vec::new() }).collect();
    for turn in 0..=effort.rounds {
        for (side, rounds) in sides.iter_mut().zip(&mut all) {
            let round = side.run(meter, if turn == 0 { effort.calls / 4 } else { effort.calls }).await?;
            if turn > 0 {
                rounds.rounds.push(round);
            }
        }
    }
    Ok(all)
}

impl Round {
    /// What one of the processes used.
    pub fn cpu_of(&self, process: &str) -> f64 {
        self.cpu.iter().find(|(name, _)| *name == process).map_or(0.0, |(_, used)| *used)
    }

    /// What all of them used.
    pub fn total(&self) -> f64 {
        self.cpu.iter().map(|(_, used)| used).sum()
    }
}

impl Rounds {
    /// One figure of each round.
    pub fn each(&self, figure: impl Fn(&Round) -> f64) -> Vec<f64> {
        self.rounds.iter().map(figure).collect()
    }

    /// Round by round, one figure of this side in another of that one.
    pub fn to(&self, figure: impl Fn(&Round) -> f64, that: &Self, its: impl Fn(&Round) -> f64) -> Vec<f64> {
        ratios(&self.each(figure), &that.each(its))
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
        assert_eq!(these.to(Round::total, &those, |round| round.cpu_of(POSTGRESQL)), [2.0, 1.5]);
        assert_eq!(these.each(|round| round.cpu_of("family")), [30.0, 60.0]);
    }
}
