//! The deadline of an outgoing call.

use std::time::Duration;

use http::HeaderMap;
use orchard_rpc::{Deadline, timeout};
use tokio::time::Instant;

/// The time limit of calls whose caller has no deadline.
const DEFAULT: Duration = Duration::from_secs(10);
/// The least and the most time that the caller keeps back, so that it can still report that the callee was late.
const MARGIN: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// The moment by which a call must end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallDeadline {
    pub(crate) instant: Instant,
    /// Whether the caller asked for it. The default does not apply to streams, which may be meant to last.
    pub(crate) is_requested: bool,
}

impl CallDeadline {
    /// Takes the earlier of the current call's deadline and the request's own timeout, less the margin.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let current = Deadline::current().map(Deadline::remaining);
        let left = current.into_iter().chain(timeout::asked(headers)).min();
        Self { instant: Instant::now() + less_margin(left.unwrap_or(DEFAULT)), is_requested: left.is_some() }
    }

    pub(crate) fn left(self) -> Duration {
        self.instant.saturating_duration_since(Instant::now())
    }
}

fn less_margin(left: Duration) -> Duration {
    let (least, most) = MARGIN;
    // Capped at a year, because an instant may not be able to hold more.
    left.min(Duration::from_secs(365 * 24 * 3_600)).saturating_sub((left / 20).clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_margin_is_a_bounded_share_of_the_time_left() {
        assert_eq!(less_margin(ms(200)), ms(190));
        assert_eq!(less_margin(ms(10)), ms(9));
        assert_eq!(less_margin(ms(60_000)), ms(59_950));
        assert_eq!(less_margin(Duration::from_micros(700)), Duration::ZERO);
    }

    #[tokio::test]
    async fn the_earlier_deadline_counts() {
        let mut headers = HeaderMap::new();
        let none = CallDeadline::of(&headers);
        assert!(!none.is_requested && none.left() > ms(9_000));
        headers.insert(timeout::GRPC_TIMEOUT, timeout::encode(ms(1_000)));
        let own = CallDeadline::of(&headers);
        assert!(own.is_requested && own.left() <= ms(950));
        let current = Deadline::after(ms(100)).sync_scope(|| CallDeadline::of(&headers));
        assert!(current.left() <= ms(95));
    }
}
