//! What is measured.

mod dashboard;
mod events;
mod growth;
mod leaderboard;
mod outbox;
mod point_read;
mod progress;
mod routed;
mod spend;
mod start;

use anyhow::Result;

use super::recording::Script;
use super::report::Outcome;
use super::world::World;

/// Calls in pgbench's place of the next family: as random as the load generator's, yet the look-up is 1 in 50 statements.
const WALK: &str = r"\if :left = 0
\set n random(1, :families)
SELECT plan, viewer FROM bench.targets WHERE n = :n \gset
\set left 50
\endif
\set left :left - 1";

/// Chance for the next transaction's ids.
const NEW_KEY: &str = r"\set key random(1, 4611686018427387903)";
/// An id that is the same throughout a transaction, and later than those of earlier ones, as the services' are: ids in no order at
/// all would cost PostgreSQL far more.
const NEW_ID: &str =
    "(lpad(to_hex((extract(epoch FROM now()) * 1000000)::bigint), 16, '0') || lpad(to_hex(:key::bigint), 16, '0'))::uuid";

/// What can be measured, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// From start to ready, and memory
    Start,
    /// GetPlan against its statement alone, and an echo
    PointRead,
    /// Spend against its statements alone, from one wallet and from many
    Spend,
    /// GetPlan through the edge against directly
    Routed,
    /// GetFamilyDashboard against the specification's view
    Dashboard,
    /// A write with an event against the same without
    Outbox,
    /// From commit to effect, and a backlog
    Events,
    /// Ranks on boards of more and more participants, against counting and the specification's view
    Leaderboard,
    /// RecordProgress against its statements alone, of one challenge and of many
    Progress,
    /// GetPlan and Spend with more and more families
    Growth,
}

impl Scenario {
    /// Measures it.
    pub async fn run(self, world: &mut World<'_>) -> Result<Outcome> {
        match self {
            Self::Start => start::run(world).await,
            Self::PointRead => point_read::run(world).await,
            Self::Spend => spend::run(world).await,
            Self::Routed => routed::run(world).await,
            Self::Dashboard => dashboard::run(world).await,
            Self::Outbox => outbox::run(world).await,
            Self::Events => events::run(world).await,
            Self::Leaderboard => leaderboard::run(world).await,
            Self::Progress => progress::run(world).await,
            Self::Growth => growth::run(world).await,
        }
    }
}

/// A script that goes from one family to another.
fn walk(families: u64) -> Script {
    Script::default().constant("left", 0).constant("families", families).lines(WALK)
}

/// What is said where there is no yardstick.
fn without_pgbench(world: &World<'_>) -> Vec<String> {
    match world.pgbench {
        Some(_) => Vec::new(),
        None => vec!["no pgbench beside this PostgreSQL's other programs: nothing to compare with".to_owned()],
    }
}
