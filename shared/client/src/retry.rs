//! Which calls are repeated, and when.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::methods::Method;

/// Attempts in all.
const ATTEMPTS: u32 = 3;
/// The first wait at most; each later one may be twice as long.
const BASE: Duration = Duration::from_millis(25);

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With an answer: a good one, or a refusal that would be the same again.
    Finally,
    /// UNAVAILABLE.
    Unavailable,
    /// With a refusal that says when to come back.
    Later(Duration),
    /// Without an answer, and nothing was begun.
    Unsent,
    /// Without an answer, and nobody knows what was begun.
    Broken,
}

impl Ended {
    pub(crate) fn with(refusal: Option<&Status>) -> Self {
        let Some(status) = refusal else { return Self::Finally };
        match status.get_details_retry_info().and_then(|info| info.retry_delay) {
            Some(delay) => Self::Later(delay),
            None if status.code() == Code::Unavailable => Self::Unavailable,
            None => Self::Finally,
        }
    }

    /// What it is called in traces.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Finally => "finally",
            Self::Unavailable => "unavailable",
            Self::Later(_) => "later",
            Self::Unsent => "unsent",
            Self::Broken => "broken",
        }
    }

    /// Whether repeating it puts load on the upstream.
    pub(crate) fn costs(self) -> bool {
        self != Self::Unsent
    }
}

/// How long to wait before the next attempt, when `left` is left and `attempts` were made. `chance` is in `0.0..1.0`.
pub(crate) fn next(ended: Ended, method: Method, attempts: u32, left: Duration, chance: f64) -> Option<Duration> {
    if attempts >= ATTEMPTS {
        return None;
    }
    let jittered = |doublings: u32| (BASE * 2_u32.pow(doublings)).mul_f64(chance);
    let wait = match ended {
        Ended::Finally => return None,
        // It costs nobody anything, and the next replica need not be waited for.
        Ended::Unsent if attempts == 1 => Duration::ZERO,
        Ended::Unsent => jittered(attempts - 1),
        _ if !method.repeatable => return None,
        Ended::Unavailable | Ended::Broken => jittered(attempts - 1),
        Ended::Later(delay) => delay + jittered(attempts - 1),
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
    fn what_has_an_effect_is_repeated_only_when_nothing_was_begun() {
        for ended in [Ended::Unavailable, Ended::Broken, Ended::Later(BASE)] {
            assert!(next(ended, READ, 1, PLENTY, 0.5).is_some(), "{ended:?}");
            assert_eq!(next(ended, WRITE, 1, PLENTY, 0.5), None, "{ended:?}");
        }
        assert!(next(Ended::Unsent, WRITE, 1, PLENTY, 0.5).is_some());
        assert_eq!(next(Ended::Finally, READ, 1, PLENTY, 0.5), None);
    }

    #[test]
    fn waits_grow_and_end() {
        let wait = |attempts| next(Ended::Broken, READ, attempts, PLENTY, 0.9999);
        assert!(wait(1) < Some(BASE) && wait(2) > Some(BASE) && wait(2) < Some(BASE * 2));
        assert_eq!(wait(3), None);
        assert_eq!(next(Ended::Unsent, WRITE, 1, PLENTY, 0.9), Some(Duration::ZERO));
        assert_eq!(next(Ended::Broken, READ, 1, PLENTY, 0.0), Some(Duration::ZERO), "full jitter");
    }

    #[test]
    fn a_delay_is_kept_or_not_begun() {
        let delay = Duration::from_secs(1);
        assert_eq!(next(Ended::Later(delay), READ, 1, PLENTY, 0.0), Some(delay));
        assert_eq!(next(Ended::Later(delay), READ, 1, delay, 0.0), None);
    }
}
