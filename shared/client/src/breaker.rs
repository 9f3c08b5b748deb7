//! The circuit breaker: an upstream that fails as a whole is not called for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;

/// The number of attempts in the window below which failures do not count.
const MIN_ATTEMPTS: u32 = 10;
/// The window in which attempts count, in slots.
const SLOT: Duration = Duration::from_secs(1);
const SLOTS: usize = 10;
/// How long the breaker stays open: twice as long after each probe that fails.
const OPEN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };

/// What an attempt tells about the upstream's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered, even with a refusal.
    Good,
    /// It did not answer, or said that it cannot serve.
    Bad,
    /// Nothing is known.
    Unknown,
}

/// The state machine, without a clock.
#[derive(Debug, Default)]
struct Rules {
    state: State,
    window: Window,
    /// Counts changes of state. Results of attempts from earlier states are ignored.
    epoch: u64,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Instant,
        pause: Duration,
    },
    /// A single attempt decides whether the breaker closes.
    HalfOpen {
        pause: Duration,
    },
}

impl Rules {
    /// Admits an attempt, or returns the time after which to try again.
    fn admit(&mut self, now: Instant) -> Result<u64, Duration> {
        match self.state {
            State::Closed => {}
            State::Open { until, .. } if now < until => return Err(until - now),
            State::Open { pause, .. } => self.enter(State::HalfOpen { pause }),
            State::HalfOpen { .. } => return Err(OPEN.first),
        }
        Ok(self.epoch)
    }

    fn record(&mut self, epoch: u64, health: Health, now: Instant) {
        if epoch != self.epoch {
            return;
        }
        match (self.state, health) {
            (State::Closed, Health::Good) => self.window.add(now, false),
            (State::Closed, Health::Bad) => {
                self.window.add(now, true);
                if self.window.mostly_failures(now) {
                    self.open(OPEN.first, now);
                }
            }
            (State::HalfOpen { .. }, Health::Good) => {
                self.window = Window::default();
                self.enter(State::Closed);
            }
            (State::HalfOpen { pause }, Health::Bad) => self.open(OPEN.after(pause), now),
            // The probe's caller gave up: the next attempt is the probe.
            (State::HalfOpen { pause }, Health::Unknown) => self.enter(State::Open { until: now, pause }),
            (State::Closed, Health::Unknown) | (State::Open { .. }, _) => {}
        }
    }

    fn open(&mut self, pause: Duration, now: Instant) {
        self.enter(State::Open { until: now + pause, pause });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

/// Numbers of attempts and failures in the last seconds.
#[derive(Debug, Default)]
struct Window {
    slots: [Slot; SLOTS],
    start: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    number: u64,
    attempts: u32,
    failures: u32,
}

impl Window {
    fn number(&self, now: Instant) -> u64 {
        self.start.map_or(0, |start| now.saturating_duration_since(start).as_secs() / SLOT.as_secs())
    }

    fn add(&mut self, now: Instant, failure: bool) {
        self.start.get_or_insert(now);
        let number = self.number(now);
        let slot = &mut self.slots[usize::try_from(number).unwrap_or_default() % SLOTS];
        if slot.number != number {
            *slot = Slot { number, ..Slot::default() };
        }
        slot.attempts += 1;
        slot.failures += u32::from(failure);
    }

    fn mostly_failures(&self, now: Instant) -> bool {
        let oldest = (self.number(now) + 1).saturating_sub(SLOTS as u64);
        let recent = self.slots.iter().filter(|slot| slot.number >= oldest);
        let (attempts, failures) = recent.fold((0, 0), |(a, f), slot| (a + slot.attempts, f + slot.failures));
        attempts >= MIN_ATTEMPTS && failures * 2 > attempts
    }
}

/// An upstream's circuit breaker.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Rules>);

impl Breaker {
    /// Admits an attempt, or returns the time after which to try again.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Permit, Duration> {
        let epoch = self.rules().admit(Instant::now())?;
        Ok(Permit { breaker: Arc::clone(self), epoch, health: Health::Unknown })
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt in progress. If it is dropped without a report, as when its caller hangs up, its health is unknown.
#[derive(Debug)]
pub(crate) struct Permit {
    breaker: Arc<Breaker>,
    epoch: u64,
    health: Health,
}

impl Permit {
    pub(crate) fn report(mut self, health: Health) {
        self.health = health;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.breaker.rules().record(self.epoch, self.health, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(rules: &mut Rules, times: u32, now: Instant) {
        for _ in 0..times {
            let epoch = rules.admit(now).expect("closed");
            rules.record(epoch, Health::Bad, now);
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_breaker_opens_after_enough_failures_within_the_window() {
        let (mut rules, start) = (Rules::default(), Instant::now());
        fail(&mut rules, 9, start);
        assert!(rules.admit(start + seconds(1)).is_ok());
        // The first nine are too old to count.
        fail(&mut rules, 9, start + seconds(11));
        assert!(rules.admit(start + seconds(11)).is_ok());
        fail(&mut rules, 1, start + seconds(12));
        assert_eq!(rules.admit(start + seconds(12)), Err(seconds(1)));
    }

    #[test]
    fn the_breaker_stays_closed_while_half_of_the_attempts_succeed() {
        let (mut rules, now) = (Rules::default(), Instant::now());
        for _ in 0..50 {
            let epoch = rules.admit(now).expect("closed");
            rules.record(epoch, Health::Good, now);
        }
        fail(&mut rules, 50, now);
        let epoch = rules.admit(now).expect("still closed");
        rules.record(epoch, Health::Bad, now);
        assert!(rules.admit(now).is_err());
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let (mut rules, start) = (Rules::default(), Instant::now());
        let early = rules.admit(start).expect("closed");
        fail(&mut rules, 10, start);
        rules.record(early, Health::Good, start);
        assert!(rules.admit(start).is_err(), "an attempt from before it opened does not close it");
        let mut now = start;
        for pause in [1, 2, 4, 8, 10, 10] {
            now += seconds(pause);
            let probe = rules.admit(now).expect("a probe");
            assert!(rules.admit(now).is_err(), "one at a time");
            rules.record(probe, Health::Bad, now);
            assert!(rules.admit(now).is_err());
        }
        now += seconds(10);
        let probe = rules.admit(now).expect("a probe");
        rules.record(probe, Health::Unknown, now);
        let probe = rules.admit(now).expect("another probe at once");
        rules.record(probe, Health::Good, now);
        fail(&mut rules, 9, now);
        assert!(rules.admit(now).is_ok(), "the window starts anew");
    }
}
