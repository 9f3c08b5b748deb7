//! Tokens that were verified, so that each costs a signature's check once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// Half of what is remembered at most; a verified token is about a hundred bytes here.
const HALF: usize = 5_000;

/// What a token is known by. Not the token itself: nobody who reads this memory can use it.
pub(crate) type Digest = [u8; 32];

pub(crate) fn digest(token: &str) -> Digest {
    Sha256::digest(token).into()
}

/// What tokens proved, until they expire.
///
/// It belongs to one set of keys and goes with it, so no token outlives its key. Bad tokens are not in it: there is no end of them.
#[derive(Debug)]
pub(crate) struct Verified<B>(Mutex<Halves<B>>);

/// When the newer half is full, the older one is forgotten: what was asked for lately has moved to the newer one by then.
#[derive(Debug)]
struct Halves<B> {
    newer: HashMap<Digest, Proof<B>>,
    older: HashMap<Digest, Proof<B>>,
}

#[derive(Debug)]
struct Proof<B> {
    expiry: f64,
    bearer: B,
}

impl<B> Default for Verified<B> {
    fn default() -> Self {
        Self(Mutex::new(Halves { newer: HashMap::new(), older: HashMap::new() }))
    }
}

impl<B: Clone> Verified<B> {
    /// What the token proved, if that is known and it has not expired.
    pub(crate) fn get(&self, token: &Digest, now: f64) -> Option<B> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(proof) = halves.older.remove(token) {
            halves.insert(*token, proof);
        }
        halves.newer.get(token).filter(|proof| now < proof.expiry).map(|proof| proof.bearer.clone())
    }

    pub(crate) fn insert(&self, token: Digest, expiry: f64, bearer: B) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, Proof { expiry, bearer });
    }
}

impl<B> Halves<B> {
    fn insert(&mut self, token: Digest, proof: Proof<B>) {
        if self.newer.len() >= HALF {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(token, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_until_its_token_expires() {
        let verified = Verified::default();
        verified.insert(digest("a"), 100.0, 'a');
        assert_eq!(verified.get(&digest("a"), 99.9), Some('a'));
        assert_eq!(verified.get(&digest("a"), 100.0), None);
        assert_eq!(verified.get(&digest("b"), 0.0), None);
    }

    #[test]
    fn what_is_used_stays_and_the_number_is_bounded() {
        let verified = Verified::default();
        verified.insert(digest("used"), f64::MAX, 0);
        for number in 1..=5 * HALF {
            verified.insert(digest(&number.to_string()), f64::MAX, number);
            assert_eq!(verified.get(&digest("used"), 0.0), Some(0), "after {number}");
        }
        assert_eq!(verified.get(&digest("1"), 0.0), None, "long ago");
        let halves = verified.0.lock().expect("a lock");
        assert!(halves.newer.len() + halves.older.len() <= 2 * HALF);
    }
}
