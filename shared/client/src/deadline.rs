//! Until when a call may take, and how the callee is told.

use std::time::Duration;

use http::HeaderMap;
use orchard_rpc::{Deadline, timeout};
use tokio::time::Instant;

/// For calls of callers who have no deadline themselves.
const DEFAULT: Duration = Duration::from_secs(10);
/// What the caller keeps for itself, so that it still has time to say that the callee was late.
const MARGIN: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// When a call ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    pub(crate) instant: Instant,
    /// Whether the caller has asked for it; the default does not cover streams, which may be meant to last.
    pub(crate) asked: bool,
}

impl Until {
    /// The earlier of what is left of the current call and what the request itself says, less the margin.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let current = Deadline::current().map(Deadline::remaining);
        let left = current.into_iter().chain(timeout::asked(headers)).min();
        Self { instant: Instant::now() + less_margin(left.unwrap_or(DEFAULT)), asked: left.is_some() }
    }

    pub(crate) fn left(self) -> Duration {
        self.instant.saturating_duration_since(Instant::now())
    }
}

fn less_margin(left: Duration) -> Duration {
    let (least, most) = MARGIN;
    // More than a year is for ever, and adding it to an instant may not be possible.
    left.min(Duration::from_secs(365 * 24 * 3_600)).saturating_sub((left / 20).clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_margin_has_its_bounds() {
        assert_eq!(less_margin(ms(200)), ms(190));
        assert_eq!(less_margin(ms(10)), ms(9));
        assert_eq!(less_margin(ms(60_000)), ms(59_950));
        assert_eq!(less_margin(Duration::from_micros(700)), Duration::ZERO);
    }

    #[tokio::test]
    async fn the_earlier_of_two_counts() {
        let mut headers = HeaderMap::new();
        let none = Until::of(&headers);
        assert!(!none.asked && none.left() > ms(9_000));
        headers.insert(timeout::GRPC_TIMEOUT, timeout::encode(ms(1_000)));
        let own = Until::of(&headers);
        assert!(own.asked && own.left() <= ms(950));
        let current = Deadline::after(ms(100)).sync_scope(|| Until::of(&headers));
        assert!(current.left() <= ms(95));
    }
}
