//! Shares of what callers have in common: one of them never leaves nothing for the others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// Whom something is charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A user, even when a service calls on the user's behalf.
    User(Uuid),
    /// An address, before the caller is known.
    Address(IpAddr),
    /// The services of the suite, for their own calls. They have no share: they speak for many users.
    Services,
}

/// Percentages that one holder may have of what is left for it and it alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Percentages {
    pub(crate) user: u8,
    pub(crate) address: u8,
}

impl Percentages {
    fn of(self, holder: Holder) -> u8 {
        match holder {
            Holder::User(_) => self.user,
            Holder::Address(_) => self.address,
            Holder::Services => 100,
        }
    }
}

/// A number of things that holders take and give back.
///
/// A holder with a share of 25 % has at most a third of what is free: a quarter, if there are no others. The more is taken, the less one
/// may have, so that however many hoarders there are, something is left for those who have nothing yet.
#[derive(Debug)]
pub(crate) struct Shares {
    shares: Percentages,
    /// What a holder gets while there is any.
    few: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    held: HashMap<Holder, usize>,
}

/// Why there is nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// All is taken.
    Full,
    /// The holder has its share.
    Share,
}

impl Shares {
    pub(crate) fn new(all: usize, few: usize, shares: Percentages) -> Arc<Self> {
        Arc::new(Self { shares, few, state: Mutex::new(State { free: all, held: HashMap::new() }) })
    }

    /// Takes `count` for `holder`.
    pub(crate) fn take(self: &Arc<Self>, holder: Holder, count: usize) -> Result<Held, Refused> {
        let mut held = Held { shares: Arc::clone(self), holder, count: 0 };
        held.add(count).map(|()| held)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a holder has until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    shares: Arc<Shares>,
    holder: Holder,
    count: usize,
}

impl Held {
    /// Takes more.
    pub(crate) fn add(&mut self, count: usize) -> Result<(), Refused> {
        let mut state = self.shares.state();
        let free = state.free.checked_sub(count).ok_or(Refused::Full)?;
        let total = state.held.get(&self.holder).copied().unwrap_or_default() + count;
        let share = usize::from(self.shares.shares.of(self.holder));
        if total > self.shares.few && total * 100_usize.saturating_sub(share) > free * share {
            return Err(Refused::Share);
        }
        state.free = free;
        state.held.insert(self.holder, total);
        drop(state);
        self.count += count;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.shares.state();
        state.free += self.count;
        if let Some(held) = state.held.get_mut(&self.holder) {
            *held = held.saturating_sub(self.count);
            if *held == 0 {
                state.held.remove(&self.holder);
            }
        }
    }
}

/// Returns the part of an address that one caller cannot choose: a caller with IPv6 has a whole /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: Percentages = Percentages { user: 25, address: 25 };

    fn user(number: u128) -> Holder {
        Holder::User(Uuid::from_u128(number))
    }

    fn take_all(shares: &Arc<Shares>, holder: Holder) -> Vec<Held> {
        std::iter::from_fn(|| shares.take(holder, 1).ok()).collect()
    }

    #[test]
    fn one_holder_has_a_quarter_and_many_leave_something() {
        let shares = Shares::new(1_000, 4, QUARTER);
        let first = take_all(&shares, user(1));
        assert_eq!(first.len(), 250);
        let rest: Vec<_> = (2..=10).map(|number| take_all(&shares, user(number))).collect();
        assert!(rest.iter().all(|held| !held.is_empty()));
        assert!(shares.take(user(11), 4).is_ok(), "a newcomer gets in beside ten hoarders");
        drop((first, rest));
        assert_eq!(shares.state().free, 1_000);
        assert!(shares.state().held.is_empty(), "nobody is remembered who holds nothing");
    }

    #[test]
    fn a_few_are_given_while_there_are_any() {
        let shares = Shares::new(6, 4, QUARTER);
        let held = take_all(&shares, user(1));
        assert_eq!(held.len(), 4);
        assert_eq!(shares.take(user(1), 1).expect_err("a share"), Refused::Share);
        let _rest = take_all(&shares, user(2));
        assert_eq!(shares.take(user(3), 1).expect_err("full"), Refused::Full);
    }

    #[test]
    fn services_have_no_share() {
        let shares = Shares::new(100, 1, QUARTER);
        assert_eq!(take_all(&shares, Holder::Services).len(), 100);
    }

    #[test]
    fn more_is_charged_to_the_same_holder() {
        let shares = Shares::new(100, 1, QUARTER);
        let mut held = shares.take(user(1), 20).expect("room");
        assert_eq!(held.add(10), Err(Refused::Share));
        assert_eq!(held.add(5), Ok(()));
        drop(held);
        assert_eq!(shares.state().free, 100);
    }

    #[test]
    fn a_network_is_one_address() {
        let of = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(of("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!((of("2001:db8::1:2:3:4"), of("2001:db8::9")), ("2001:db8::".to_owned(), "2001:db8::".to_owned()));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8::1"));
    }
}
