//! How long something that fails is not called.

use std::time::Duration;

use tokio::time::Instant;

/// Pauses that double up to a limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// Returns the pause after one of `last`, which is zero before the first.
    pub(crate) fn after(self, last: Duration) -> Duration {
        (last * 2).clamp(self.first, self.longest)
    }
}

const REPLICA: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(10) };

/// Whether a replica is paused because it failed.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    until: Option<Instant>,
    last: Duration,
}

impl Pause {
    /// Returns when the replica is due to be tried again; `None` if it is not paused.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Notes a failure and returns whether it begins a pause. Failures during a pause do not prolong it.
    pub(crate) fn failed(&mut self, now: Instant) -> bool {
        let begins = self.until.is_none();
        if self.until.is_none_or(|until| until <= now) {
            self.last = REPLICA.after(self.last);
            self.until = Some(now + self.last);
        }
        begins
    }

    /// Ends the pause, because a connection was made. The next pause is still the longer one.
    pub(crate) fn connected(&mut self) {
        self.until = None;
    }

    /// Ends the pause and forgets earlier ones, because a call was answered.
    pub(crate) fn answered(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn pauses_grow_until_a_call_is_answered() {
        let (mut pause, start) = (Pause::default(), Instant::now());
        assert!(pause.failed(start));
        for _ in 0..20 {
            assert!(!pause.failed(start), "many calls fail with one connection");
        }
        assert_eq!(pause.until(), Some(start + ms(250)));
        assert!(!pause.failed(start + ms(250)));
        assert_eq!(pause.until(), Some(start + ms(750)));
        pause.connected();
        assert_eq!(pause.until(), None);
        assert!(pause.failed(start));
        assert_eq!(pause.until(), Some(start + ms(1_000)), "a connection is not an answer");
        pause.answered();
        assert!(pause.failed(start));
        assert_eq!(pause.until(), Some(start + ms(250)));
    }

    #[test]
    fn pauses_have_a_limit() {
        let pause = (0..20).fold(ms(0), |last, _| REPLICA.after(last));
        assert_eq!(pause, ms(10_000));
    }
}
