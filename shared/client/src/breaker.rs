//! The circuit breaker: a replica that fails most of its calls is not called for a while.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::health::Health;

/// The number of attempts in the window below which failures do not count.
const MIN_ATTEMPTS: u32 = 10;
/// The window in which attempts count, in slots.
const SLOT: Duration = Duration::from_secs(1);
const SLOTS: usize = 10;
/// How long the breaker stays open: twice as long after each probe that fails.
const OPEN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };

/// A replica's circuit breaker: a state machine without a clock.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
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

impl Breaker {
    /// Returns the time after which to try again; zero if an attempt would be admitted now.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        match self.state {
            State::Closed => Duration::ZERO,
            State::Open { until, .. } => until.saturating_duration_since(now),
            State::HalfOpen { .. } => OPEN.first,
        }
    }

    /// Admits an attempt, or returns the time after which to try again.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<u64, Duration> {
        match self.wait(now) {
            Duration::ZERO => {
                if let State::Open { pause, .. } = self.state {
                    self.enter(State::HalfOpen { pause });
                }
                Ok(self.epoch)
            }
            wait => Err(wait),
        }
    }

    /// Notes that a connection failed, which concerns no single attempt, and returns whether that opens the circuit breaker.
    pub(crate) fn disconnected(&mut self, now: Instant) -> bool {
        self.record(self.epoch, Health::Bad, now)
    }

    /// Notes what an attempt told that was admitted in this epoch, and returns whether that opens the circuit breaker.
    pub(crate) fn record(&mut self, epoch: u64, health: Health, now: Instant) -> bool {
        if epoch != self.epoch {
            return false;
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
        epoch != self.epoch && health == Health::Bad
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &mut Breaker, times: u32, now: Instant) {
        for _ in 0..times {
            let epoch = breaker.admit(now).expect("closed");
            breaker.record(epoch, Health::Bad, now);
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_breaker_opens_after_enough_failures_within_the_window() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        fail(&mut breaker, 9, start);
        assert!(breaker.admit(start + seconds(1)).is_ok());
        // The first nine are too old to count.
        fail(&mut breaker, 9, start + seconds(11));
        assert!(breaker.admit(start + seconds(11)).is_ok());
        fail(&mut breaker, 1, start + seconds(12));
        assert_eq!(breaker.admit(start + seconds(12)), Err(seconds(1)));
    }

    #[test]
    fn the_breaker_stays_closed_while_half_of_the_attempts_succeed() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..50 {
            let epoch = breaker.admit(now).expect("closed");
            breaker.record(epoch, Health::Good, now);
        }
        fail(&mut breaker, 50, now);
        let epoch = breaker.admit(now).expect("still closed");
        breaker.record(epoch, Health::Bad, now);
        assert!(breaker.admit(now).is_err());
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        let early = breaker.admit(start).expect("closed");
        fail(&mut breaker, 10, start);
        breaker.record(early, Health::Good, start);
        assert!(breaker.admit(start).is_err(), "an attempt from before it opened does not close it");
        let mut now = start;
        for pause in [1, 2, 4, 8, 10, 10] {
            now += seconds(pause);
            let probe = breaker.admit(now).expect("a probe");
            assert!(breaker.admit(now).is_err(), "one at a time");
            breaker.record(probe, Health::Bad, now);
            assert!(breaker.admit(now).is_err());
        }
        now += seconds(10);
        let probe = breaker.admit(now).expect("a probe");
        breaker.record(probe, Health::Unknown, now);
        let probe = breaker.admit(now).expect("another probe at once");
        breaker.record(probe, Health::Good, now);
        fail(&mut breaker, 9, now);
        assert!(breaker.admit(now).is_ok(), "the window starts anew");
    }
}
