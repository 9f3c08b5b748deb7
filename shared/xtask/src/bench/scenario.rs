//! The scenarios.

mod consultations;
mod dashboard;
mod events;
mod growth;
mod leaderboard;
mod outbox;
mod payments;
mod point_read;
mod progress;
mod referrals;
mod reviews;
mod routed;
mod search;
mod spend;
mod start;

use anyhow::Result;

use super::report::Outcome;
use super::world::World;

/// The scenarios in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// Time from start to ready, and memory
    Start,
    /// GetPlan against its statement alone, and an echo
    PointRead,
    /// Spend against its statements alone, from one wallet and from many
    Spend,
    /// GetPlan through the edge against a direct call
    Routed,
    /// GetFamilyDashboard against the specification's view
    Dashboard,
    /// A write with an event against the same write without it
    Outbox,
    /// Events from commit to effect, and a backlog
    Events,
    /// Ranks on boards of increasing size, against counting and the specification's view
    Leaderboard,
    /// RecordProgress against its statements alone, in one challenge and in many
    Progress,
    /// GetPlan and Spend with an increasing number of families
    Growth,
    /// UpdateReview by 64 reviewers of one recipe, and of many
    Reviews,
    /// Claims in a large group, and first orders of one referrer's referees and of many referrers'
    Referrals,
    /// SearchRecipes over an increasing number of recipes, against trigrams and full text
    Search,
    /// ListAvailableSlots of a busy professional, and the directory over 50,000
    Consultations,
    /// Sessions booked, paid and refunded through the edge, of many professionals and of one
    Payments,
}

impl Scenario {
    /// Runs the scenario.
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
            Self::Reviews => reviews::run(world).await,
            Self::Referrals => referrals::run(world).await,
            Self::Search => search::run(world).await,
            Self::Consultations => consultations::run(world).await,
            Self::Payments => payments::run(world).await,
        }
    }
}
