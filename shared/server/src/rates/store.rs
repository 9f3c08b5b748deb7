//! What is remembered of a bounded number of callers or addresses.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::Quota;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// The time between two looks for keys that need not be remembered. A look at 50,000 takes 0.1 ms, so a flood costs 1 % of a CPU.
const SWEEP: Nanos = Nanos::new(10_000_000);

/// The state of each key: the time at which its bucket will be full.
///
/// A key whose bucket is full is as one that was never seen, so it makes room first. While there is no room, all new keys share one
/// bucket: a flood of keys takes nothing from those that are known, and gets no more than one of them.
#[derive(Debug)]
pub(super) struct Bounded<K> {
    most: usize,
    interval: Nanos,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    known: HashMap<K, Nanos>,
    others: Option<Nanos>,
    next_sweep: Nanos,
}

impl<K: Hash + Eq + Clone> Bounded<K> {
    pub(super) fn new(most: usize, quota: Quota) -> Self {
        let state = State { known: HashMap::new(), others: None, next_sweep: Nanos::default() };
        Self { most, interval: quota.replenish_interval().max(Duration::from_nanos(1)).into(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Bounded<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut state = self.state();
        if let Some(full_at) = state.known.get_mut(key) {
            let (admitted, later) = decide(Some(*full_at))?;
            *full_at = later;
            return Ok(admitted);
        }
        let (admitted, full_at) = decide(None)?;
        if state.known.len() >= self.most {
            // A new bucket lacks one call, so it is full one interval from now.
            state.sweep(full_at.saturating_sub(self.interval));
        }
        if state.known.len() < self.most {
            state.known.insert(key.clone(), full_at);
            return Ok(admitted);
        }
        let (admitted, later) = decide(state.others)?;
        state.others = Some(later);
        Ok(admitted)
    }
}

impl<K: Hash + Eq> State<K> {
    fn sweep(&mut self, now: Nanos) {
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP;
            self.known.retain(|_, full_at| *full_at > now);
        }
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Bounded<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.state().known.retain(|_, full_at| *full_at > drop_below);
    }

    fn len(&self) -> usize {
        self.state().known.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::RateLimiter;

    use super::*;
    use crate::rates::{Limiter, RateClock};

    const MOST: usize = 100;

    fn limiter(clock: &RateClock) -> Limiter<u32> {
        let number = |n| NonZeroU32::new(n).expect("a number");
        // A call each 100 ms, and three at once.
        let quota = Quota::per_second(number(10)).allow_burst(number(3));
        RateLimiter::new(quota, Bounded::new(MOST, quota), clock.clone())
    }

    #[test]
    fn a_flood_of_keys_is_one_key_and_takes_nothing_from_known_ones() {
        let clock = RateClock::stopped();
        let limiter = limiter(&clock);
        let admitted = |keys: std::ops::Range<u32>| keys.filter(|key| limiter.check_key(key).is_ok()).count();
        assert_eq!(admitted(0..100), MOST);
        assert_eq!(admitted(100..100_000), 3, "they share one bucket");
        assert_eq!(limiter.len(), MOST);
        assert_eq!((admitted(0..100), admitted(0..100), admitted(0..100)), (MOST, MOST, 0), "each known one has its burst");
        clock.advance(Duration::from_millis(100));
        assert_eq!((admitted(0..100), admitted(0..100)), (MOST, 0));
    }

    #[test]
    fn keys_whose_buckets_are_full_make_room() {
        let clock = RateClock::stopped();
        let limiter = limiter(&clock);
        let call = |key: u32| limiter.check_key(&key).is_ok();
        // The first half has called three times, and the other half once.
        assert!((0..100).all(call) && (0..50).all(call) && (0..50).all(call) && !call(7));
        clock.advance(Duration::from_millis(100));
        assert!((100..150).all(call), "the other half's buckets are full again");
        assert_eq!(limiter.len(), MOST);
        assert!(call(7) && !call(7), "the first half is not forgotten");
        clock.advance(Duration::from_secs(10));
        assert!((1_000..1_100).all(call));
        assert_eq!(limiter.len(), MOST);
    }

    #[test]
    fn the_time_to_wait_is_enough_and_nothing_less_is() {
        use governor::clock::Clock as _;

        let clock = RateClock::stopped();
        let limiter = limiter(&clock);
        let call = || limiter.check_key(&1);
        assert!((0..3).all(|_| call().is_ok()));
        for at in [0, 30, 99, 7] {
            clock.advance(Duration::from_millis(at));
            let Err(until) = call() else { continue };
            let wait = until.wait_time_from(clock.now());
            clock.advance(wait - Duration::from_nanos(1));
            assert!(call().is_err(), "{wait:?}");
            clock.advance(Duration::from_nanos(1));
            assert!(call().is_ok(), "{wait:?}");
        }
    }
}
