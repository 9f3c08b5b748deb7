//! Decides whether and when a call is repeated.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::connection::Failure;
use crate::health::speaks_of_a_third;
use crate::methods::Method;

/// The number of attempts of a call.
const MAX_ATTEMPTS: u32 = 3;
/// The longest first wait. Each later wait may be twice as long.
const BASE: Duration = Duration::from_millis(25);

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptEnd {
    /// With a result that a repetition would not change.
    Final,
    /// With UNAVAILABLE.
    Unavailable,
    /// With a refusal that says when to come back.
    RetryAfter(Duration),
    /// Without an answer; the replica has not begun with the call.
    Unsent,
    /// Without an answer; the replica may have begun with the call.
    Broken,
}

impl AttemptEnd {
    /// Returns how an attempt ended that was answered, with a refusal or without one.
    pub(crate) fn answered(refusal: Option<&Status>) -> Self {
        let Some(status) = refusal else { return Self::Final };
        match status.get_details_retry_info().and_then(|info| info.retry_delay) {
            Some(delay) => Self::RetryAfter(delay),
            // The replica has tried for itself.
            None if speaks_of_a_third(status) => Self::Final,
            None if status.code() == Code::Unavailable => Self::Unavailable,
            None => Self::Final,
        }
    }

    /// Returns how an attempt ended that has no answer.
    pub(crate) fn failed(failure: &Failure) -> Self {
        match failure {
            _ if failure.is_unsent() => Self::Unsent,
            // What was refused so is the caller's own doing.
            Failure::Http(status) if !status.is_server_error() => Self::Final,
            _ => Self::Broken,
        }
    }

    /// Returns the name used in traces.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Final => "finally",
            Self::Unavailable => "unavailable",
            Self::RetryAfter(_) => "later",
            Self::Unsent => "unsent",
            Self::Broken => "broken",
        }
    }

    /// Returns whether a repetition adds load to the upstream.
    pub(crate) fn costs(self) -> bool {
        self != Self::Unsent
    }
}

/// Returns how long to wait before the next attempt; `None` if there is none.
///
/// `attempts` were made and `left` is the time left. `chance` is a random number in `0.0..1.0`.
pub(crate) fn next_wait(end: AttemptEnd, method: Method, attempts: u32, left: Duration, chance: f64) -> Option<Duration> {
    if attempts >= MAX_ATTEMPTS {
        return None;
    }
    let jittered = |doublings: u32| (BASE * 2_u32.pow(doublings)).mul_f64(chance);
    let wait = match end {
        AttemptEnd::Final => return None,
        // The first attempt put no load on the upstream, so another replica is tried at once.
        AttemptEnd::Unsent if attempts == 1 => Duration::ZERO,
        AttemptEnd::Unsent => jittered(attempts - 1),
        _ if !method.repeatable => return None,
        AttemptEnd::Unavailable | AttemptEnd::Broken => jittered(attempts - 1),
        AttemptEnd::RetryAfter(delay) => delay.saturating_add(jittered(attempts - 1)),
    };
    (wait < left).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::Shape;

    const READ: Method = Method { shape: Shape::Unary, repeatable: true };
    const WRITE: Method = Method { shape: Shape::Unary, repeatable: false };
    const PLENTY: Duration = Duration::from_secs(10);

    #[test]
    fn a_method_with_effects_is_repeated_only_if_it_was_not_sent() {
        for end in [AttemptEnd::Unavailable, AttemptEnd::Broken, AttemptEnd::RetryAfter(BASE)] {
            assert!(next_wait(end, READ, 1, PLENTY, 0.5).is_some(), "{end:?}");
            assert_eq!(next_wait(end, WRITE, 1, PLENTY, 0.5), None, "{end:?}");
        }
        assert!(next_wait(AttemptEnd::Unsent, WRITE, 1, PLENTY, 0.5).is_some());
        assert_eq!(next_wait(AttemptEnd::Final, READ, 1, PLENTY, 0.5), None);
    }

    #[test]
    fn waits_grow_until_the_last_attempt() {
        let wait = |attempts| next_wait(AttemptEnd::Broken, READ, attempts, PLENTY, 0.9999);
        assert!(wait(1) < Some(BASE) && wait(2) > Some(BASE) && wait(2) < Some(BASE * 2));
        assert_eq!(wait(3), None);
        assert_eq!(next_wait(AttemptEnd::Unsent, WRITE, 1, PLENTY, 0.9), Some(Duration::ZERO));
        assert_eq!(next_wait(AttemptEnd::Broken, READ, 1, PLENTY, 0.0), Some(Duration::ZERO), "full jitter");
    }

    #[test]
    fn a_requested_delay_is_kept_if_time_is_left() {
        let delay = Duration::from_secs(1);
        assert_eq!(next_wait(AttemptEnd::RetryAfter(delay), READ, 1, PLENTY, 0.0), Some(delay));
        assert_eq!(next_wait(AttemptEnd::RetryAfter(delay), READ, 1, delay, 0.0), None);
    }
}
