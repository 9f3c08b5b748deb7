//! Verified tokens, so that a token's signature is checked once.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use sha2::{Digest as _, Sha256};

/// The number of tokens remembered, of about a hundred bytes each.
const MAX_TOKENS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// Identifies a token. A digest cannot be used as a token by anyone who reads this process's memory.
pub(crate) type Digest = [u8; 32];

pub(crate) fn digest(token: &str) -> Digest {
    Sha256::digest(token).into()
}

/// The subjects of verified tokens, until the tokens expire.
///
/// Belongs to one set of keys and is dropped with it, so no token outlives its key. Invalid tokens are not remembered: callers can
/// invent any number of them.
#[derive(Debug)]
pub(crate) struct VerifiedTokens<S>(Mutex<LruCache<Digest, Verified<S>>>);

#[derive(Debug)]
struct Verified<S> {
    expiry: f64,
    subject: S,
}

impl<S> Default for VerifiedTokens<S> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::sparse(MAX_TOKENS)))
    }
}

impl<S: Clone> VerifiedTokens<S> {
    /// Returns the token's subject, if the token was verified and has not expired.
    pub(crate) fn get(&self, token: &Digest, now: f64) -> Option<S> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(token).filter(|verified| now < verified.expiry).map(|verified| verified.subject.clone())
    }

    pub(crate) fn insert(&self, token: Digest, expiry: f64, subject: S) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(token, Verified { expiry, subject });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_until_it_expires() {
        let tokens = VerifiedTokens::default();
        tokens.insert(digest("a"), 100.0, 'a');
        assert_eq!(tokens.get(&digest("a"), 99.9), Some('a'));
        assert_eq!(tokens.get(&digest("a"), 100.0), None);
        assert_eq!(tokens.get(&digest("b"), 0.0), None);
    }

    #[test]
    fn tokens_in_use_are_kept_and_their_number_is_bounded() {
        let tokens = VerifiedTokens::default();
        tokens.insert(digest("used"), f64::MAX, 0);
        for number in 1..=3 * MAX_TOKENS.get() {
            tokens.insert(digest(&number.to_string()), f64::MAX, number);
            assert_eq!(tokens.get(&digest("used"), 0.0), Some(0), "after {number}");
        }
        assert_eq!(tokens.get(&digest("1"), 0.0), None, "not used for long");
        assert!(tokens.0.lock().expect("a lock").len() <= MAX_TOKENS.get());
    }
}
