//! How long to leave alone what fails.

use std::time::Duration;

use tokio::time::Instant;

/// Rests that grow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// The rest after one of `last`, which is zero before the first.
    pub(crate) fn after(self, last: Duration) -> Duration {
        (last * 2).clamp(self.first, self.longest)
    }
}

const REPLICA: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(10) };

/// Whether a replica rests.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    until: Option<Instant>,
    last: Duration,
}

impl Rest {
    /// When it is due to be tried again; `None` while it is awake.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Notes a failure, and says whether the rest begins with it. Those during a rest say nothing new.
    pub(crate) fn failed(&mut self, now: Instant) -> bool {
        let was_awake = self.until.is_none();
        if self.until.is_none_or(|until| until <= now) {
            self.last = REPLICA.after(self.last);
            self.until = Some(now + self.last);
        }
        was_awake
    }

    /// It can be connected to, so it counts again; the next rest is still the longer one.
    pub(crate) fn connected(&mut self) {
        self.until = None;
    }

    /// It has answered.
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
    fn rests_grow_until_it_answers() {
        let (mut rest, start) = (Rest::default(), Instant::now());
        assert!(rest.failed(start));
        for _ in 0..20 {
            assert!(!rest.failed(start), "many calls fail with one connection");
        }
        assert_eq!(rest.until(), Some(start + ms(250)));
        assert!(!rest.failed(start + ms(250)));
        assert_eq!(rest.until(), Some(start + ms(750)));
        rest.connected();
        assert_eq!(rest.until(), None);
        assert!(rest.failed(start));
        assert_eq!(rest.until(), Some(start + ms(1_000)), "a connection is no answer");
        rest.answered();
        assert!(rest.failed(start));
        assert_eq!(rest.until(), Some(start + ms(250)));
    }

    #[test]
    fn rests_have_a_longest() {
        let rest = (0..20).fold(ms(0), |last, _| REPLICA.after(last));
        assert_eq!(rest, ms(10_000));
    }
}
