//! A watched leaderboard and its watchers.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::challenges::leaderboard::store::BoardState;

/// For how long a reading may wait for a watcher to take it.
pub(super) const SLOW: Duration = Duration::from_secs(10);

/// A reading of the leaderboard.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) number: u64,
    /// The viewers for whom it was read.
    pub(super) viewers: HashSet<Uuid>,
    pub(super) state: BoardState,
}

#[derive(Debug)]
struct Watcher {
    viewer: Uuid,
    /// Number of the last reading that the watcher has taken.
    taken: u64,
    /// Since when there is a later reading.
    behind_since: Option<Instant>,
}

/// A watched leaderboard.
#[derive(Debug)]
pub(super) struct WatchedBoard {
    reading: watch::Sender<Option<Arc<Reading>>>,
    watchers: Mutex<Watchers>,
}

#[derive(Debug, Default)]
struct Watchers {
    next: u64,
    all: HashMap<u64, Watcher>,
    /// Number of readings that have failed in a row.
    failures: u32,
}

impl WatchedBoard {
    pub(super) fn new() -> Self {
        Self { reading: watch::Sender::new(None), watchers: Mutex::default() }
    }

    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        // No change of it can panic halfway.
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a watcher until the subscription is dropped.
    pub(super) fn subscribe(self: &Arc<Self>, viewer: Uuid) -> Subscription {
        let mut watchers = self.watchers();
        watchers.next += 1;
        let id = watchers.next;
        watchers.all.insert(id, Watcher { viewer, taken: 0, behind_since: None });
        drop(watchers);
        Subscription { board: Arc::clone(self), id, viewer, reading: self.reading.subscribe() }
    }

    /// Drops the watchers that are too slow, and returns the viewers of the others.
    pub(super) fn viewers(&self, now: Instant) -> HashSet<Uuid> {
        let latest = self.reading.borrow().as_ref().map_or(0, |reading| reading.number);
        let mut watchers = self.watchers();
        for watcher in watchers.all.values_mut().filter(|watcher| watcher.taken < latest) {
            watcher.behind_since.get_or_insert(now);
        }
        watchers.all.retain(|_, watcher| watcher.behind_since.is_none_or(|since| now - since < SLOW));
        watchers.all.values().map(|watcher| watcher.viewer).collect()
    }

    /// Passes a reading to all watchers, unless it equals the last one.
    pub(super) fn publish(&self, viewers: HashSet<Uuid>, state: BoardState) {
        self.watchers().failures = 0;
        self.reading.send_if_modified(|reading| {
            let last = reading.as_deref();
            if last.is_some_and(|last| last.state == state && last.viewers == viewers) {
                return false;
            }
            let number = last.map_or(0, |last| last.number) + 1;
            *reading = Some(Arc::new(Reading { number, viewers, state }));
            true
        });
    }

    /// Counts a failed reading, and returns how many have failed in a row.
    pub(super) fn fail(&self) -> u32 {
        let mut watchers = self.watchers();
        watchers.failures += 1;
        watchers.failures
    }

    /// Ends all subscriptions.
    pub(super) fn dismiss(&self) {
        self.watchers().all.clear();
        // Wakes them, so that they find that they have ended.
        self.reading.send_modify(|_| ());
    }
}

/// A watcher's subscription to a leaderboard.
#[derive(Debug)]
pub(super) struct Subscription {
    board: Arc<WatchedBoard>,
    id: u64,
    viewer: Uuid,
    reading: watch::Receiver<Option<Arc<Reading>>>,
}

/// Why a subscription has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SubscriptionEnd {
    /// The watcher did not take a reading in time.
    TooSlow,
    /// The leaderboard cannot be read.
    Unreadable,
}

impl Subscription {
    /// Returns the next reading that was made for this watcher, too.
    pub(super) async fn next(&mut self) -> Result<Arc<Reading>, SubscriptionEnd> {
        loop {
            let next = self.reading.borrow_and_update().clone();
            {
                let mut watchers = self.board.watchers();
                let failed = watchers.failures > 0;
                let Some(watcher) = watchers.all.get_mut(&self.id) else {
                    return Err(if failed { SubscriptionEnd::Unreadable } else { SubscriptionEnd::TooSlow });
                };
                if let Some(next) = next.filter(|next| next.number > watcher.taken) {
                    (watcher.taken, watcher.behind_since) = (next.number, None);
                    if next.viewers.contains(&self.viewer) {
                        return Ok(next);
                    }
                }
            }
            if self.reading.changed().await.is_err() {
                return Err(SubscriptionEnd::Unreadable);
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.board.watchers().all.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::challenges::leaderboard::watch::Snapshot;

    /// Publishes a reading at `now`.
    fn publish(board: &WatchedBoard, participants: i64, now: Instant) {
        let snapshot = Snapshot { participants, ..Default::default() };
        let viewers = board.viewers(now);
        board.publish(viewers.clone(), BoardState::Found { admitted: viewers, snapshot: Some(snapshot) });
    }

    #[tokio::test]
    async fn only_a_watcher_who_reads_too_late_is_dropped() {
        let board = Arc::new(WatchedBoard::new());
        let (mut quick, mut slow) = (board.subscribe(Uuid::from_u128(1)), board.subscribe(Uuid::from_u128(2)));
        let mut now = Instant::now();
        publish(&board, 1, now);
        assert_eq!(slow.next().await.map(|reading| reading.number), Ok(1));
        for (turn, number) in (2..=14).zip(1..) {
            assert_eq!(quick.next().await.map(|reading| reading.number), Ok(number));
            now += Duration::from_secs(1);
            publish(&board, turn, now);
        }
        assert_eq!(slow.next().await.err(), Some(SubscriptionEnd::TooSlow));
        assert_eq!(board.viewers(now), [Uuid::from_u128(1)].into());
        assert_eq!(quick.next().await.map(|reading| reading.number), Ok(14));
    }

    #[tokio::test]
    async fn nobody_is_too_slow_while_nothing_changes() {
        let board = Arc::new(WatchedBoard::new());
        let mut watcher = board.subscribe(Uuid::from_u128(1));
        let mut now = Instant::now();
        publish(&board, 1, now);
        assert_eq!(watcher.next().await.map(|reading| reading.number), Ok(1));
        for _ in 0..100 {
            now += Duration::from_secs(1);
            publish(&board, 1, now);
        }
        publish(&board, 2, now);
        assert_eq!(watcher.next().await.map(|reading| reading.number), Ok(2), "equal readings are not passed on");
    }

    #[tokio::test]
    async fn a_new_watcher_waits_for_a_reading_that_was_made_for_them() {
        let board = Arc::new(WatchedBoard::new());
        let (_first, now) = (board.subscribe(Uuid::from_u128(1)), Instant::now());
        publish(&board, 1, now);
        let mut late = board.subscribe(Uuid::from_u128(2));
        assert!(late.next().now_or_never().is_none());
        publish(&board, 1, now);
        assert_eq!(late.next().await.map(|reading| reading.viewers.len()), Ok(2));
        drop(late);
        assert_eq!(board.viewers(now).len(), 1);
        board.dismiss();
        assert!(board.viewers(now).is_empty());
    }
}
