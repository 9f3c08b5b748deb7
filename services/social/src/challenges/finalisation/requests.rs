//! What operators ask to finalise.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// Challenges that operators asked to finalise, which do not wait for the others that are due.
#[derive(Debug, Default)]
pub struct Requests {
    challenges: Mutex<BTreeSet<Uuid>>,
    added: Notify,
}

impl Requests {
    /// Adds a challenge, which must be due.
    pub(crate) fn add(&self, challenge: Uuid) {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).insert(challenge);
        self.added.notify_one();
    }

    /// Waits for the next challenge.
    pub(super) async fn next(&self) -> Uuid {
        loop {
            let first = self.challenges.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
            match first {
                Some(challenge) => return challenge,
                None => self.added.notified().await,
            }
        }
    }
}
