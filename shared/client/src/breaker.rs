//! The circuit breaker: while an upstream as a whole fails, it is left alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::rest::Backoff;

/// Attempts in the window before their failures mean anything.
const ENOUGH: u32 = 10;
/// What counts is what happened this long ago at most, in slots.
const SLOT: Duration = Duration::from_secs(1);
const SLOTS: usize = 10;
/// How long an upstream is left alone: twice as long each time that it did not help.
const REST: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };

/// What an attempt says about the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered, if only to refuse.
    Good,
    /// It did not, or says itself that it cannot.
    Bad,
    /// Nothing was learnt.
    Unknown,
}

/// The rules, which know no clock.
#[derive(Debug, Default)]
struct Rules {
    state: State,
    window: Window,
    /// Counts the changes of state: what an attempt of an earlier state learnt is old.
    epoch: u64,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Instant,
        rest: Duration,
    },
    /// One call decides.
    Probing {
        rest: Duration,
    },
}

impl Rules {
    /// Lets an attempt through, or says how long to stay away.
    fn admit(&mut self, now: Instant) -> Result<u64, Duration> {
        match self.state {
            State::Closed => {}
            State::Open { until, .. } if now < until => return Err(until - now),
            State::Open { rest, .. } => self.enter(State::Probing { rest }),
            State::Probing { .. } => return Err(REST.first),
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
                    self.open(REST.first, now);
                }
            }
            (State::Probing { .. }, Health::Good) => {
                self.window = Window::default();
                self.enter(State::Closed);
            }
            (State::Probing { rest }, Health::Bad) => self.open(REST.after(rest), now),
            // The probe was given up by its caller: the next one takes its place.
            (State::Probing { rest }, Health::Unknown) => self.enter(State::Open { until: now, rest }),
            (State::Closed, Health::Unknown) | (State::Open { .. }, _) => {}
        }
    }

    fn open(&mut self, rest: Duration, now: Instant) {
        self.enter(State::Open { until: now + rest, rest });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

/// Attempts and failures of the last seconds.
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
        attempts >= ENOUGH && failures * 2 > attempts
    }
}

/// One upstream's breaker.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Rules>);

impl Breaker {
    /// Lets an attempt through, or says how long to stay away.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Permit, Duration> {
        let epoch = self.rules().admit(Instant::now())?;
        Ok(Permit { breaker: Arc::clone(self), epoch, health: Health::Unknown })
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt under way. Dropped without a word, as when its caller hangs up, it has taught nothing.
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
    fn it_takes_enough_failures_within_the_window() {
        let (mut rules, start) = (Rules::default(), Instant::now());
        fail(&mut rules, 9, start);
        assert!(rules.admit(start + seconds(1)).is_ok());
        // The nine are too old to count.
        fail(&mut rules, 9, start + seconds(11));
        assert!(rules.admit(start + seconds(11)).is_ok());
        fail(&mut rules, 1, start + seconds(12));
        assert_eq!(rules.admit(start + seconds(12)), Err(seconds(1)));
    }

    #[test]
    fn half_of_them_are_not_enough() {
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
    fn one_probe_decides() {
        let (mut rules, start) = (Rules::default(), Instant::now());
        let early = rules.admit(start).expect("closed");
        fail(&mut rules, 10, start);
        rules.record(early, Health::Good, start);
        assert!(rules.admit(start).is_err(), "what was sent before it opened does not close it");
        let mut now = start;
        for rest in [1, 2, 4, 8, 10, 10] {
            now += seconds(rest);
            let probe = rules.admit(now).expect("a probe");
            assert!(rules.admit(now).is_err(), "one at a time");
            rules.record(probe, Health::Bad, now);
            assert!(rules.admit(now).is_err());
        }
        now += seconds(10);
        let probe = rules.admit(now).expect("a probe");
        rules.record(probe, Health::Unknown, now);
        let probe = rules.admit(now).expect("another at once");
        rules.record(probe, Health::Good, now);
        fail(&mut rules, 9, now);
        assert!(rules.admit(now).is_ok(), "a new start");
    }
}
