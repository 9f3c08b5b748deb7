//! The clock of rates.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use governor::clock::{Clock, FakeRelativeClock};
use governor::nanos::Nanos;

/// The system's clock, or one that stands still until its test advances it. Clones of the latter advance together.
#[derive(Debug, Clone, Default)]
pub enum RateClock {
    /// The system's.
    #[default]
    System,
    /// A test's.
    Stopped(FakeRelativeClock),
}

impl RateClock {
    /// Returns a clock that stands still.
    pub fn stopped() -> Self {
        Self::Stopped(FakeRelativeClock::default())
    }

    /// Advances the clock, if it stands still.
    pub fn advance(&self, by: Duration) {
        if let Self::Stopped(clock) = self {
            clock.advance(by);
        }
    }
}

impl Clock for RateClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => Nanos::new(u64::try_from(BEGUN.elapsed().as_nanos()).unwrap_or(u64::MAX)),
            Self::Stopped(clock) => clock.now(),
        }
    }
}
