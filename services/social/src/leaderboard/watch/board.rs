//! A board that is watched, and who watches it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::store::Look;

/// For how long something may wait to be read by one who watches.
pub(super) const SLOW: Duration = Duration::from_secs(10);

/// What was seen at a look, and by which look.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) number: u64,
    /// Those for whom it was looked.
    pub(super) viewers: HashSet<Uuid>,
    pub(super) look: Look,
}

/// One who watches.
#[derive(Debug)]
struct Watcher {
    viewer: Uuid,
    /// The last look that they have taken.
    taken: u64,
    /// Since when there is a later one.
    behind_since: Option<Instant>,
}

/// A board that is watched.
#[derive(Debug)]
pub(super) struct Board {
    seen: watch::Sender<Option<Arc<Seen>>>,
    watchers: Mutex<Watchers>,
}

#[derive(Debug, Default)]
struct Watchers {
    next: u64,
    all: HashMap<u64, Watcher>,
    /// Looks that failed, one after the other.
    failures: u32,
}

impl Board {
    pub(super) fn new() -> Self {
        Self { seen: watch::Sender::new(None), watchers: Mutex::default() }
    }

    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        // Nothing is half done where it could panic.
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one who watches, until their place is dropped.
    pub(super) fn add(self: &Arc<Self>, viewer: Uuid) -> Place {
        let mut watchers = self.watchers();
        watchers.next += 1;
        let id = watchers.next;
        watchers.all.insert(id, Watcher { viewer, taken: 0, behind_since: None });
        drop(watchers);
        Place { board: Arc::clone(self), id, viewer, seen: self.seen.subscribe() }
    }

    /// Those who watch, each once; and drops those who have not read for too long.
    pub(super) fn viewers(&self, now: Instant) -> HashSet<Uuid> {
        let latest = self.seen.borrow().as_ref().map_or(0, |seen| seen.number);
        let mut watchers = self.watchers();
        for watcher in watchers.all.values_mut().filter(|watcher| watcher.taken < latest) {
            watcher.behind_since.get_or_insert(now);
        }
        watchers.all.retain(|_, watcher| watcher.behind_since.is_none_or(|since| now - since < SLOW));
        watchers.all.values().map(|watcher| watcher.viewer).collect()
    }

    /// Has all who watch see a look, if it is not as the last.
    pub(super) fn show(&self, viewers: HashSet<Uuid>, look: Look) {
        self.watchers().failures = 0;
        self.seen.send_if_modified(|seen| {
            let last = seen.as_deref();
            if last.is_some_and(|last| last.look == look && last.viewers == viewers) {
                return false;
            }
            let number = last.map_or(0, |last| last.number) + 1;
            *seen = Some(Arc::new(Seen { number, viewers, look }));
            true
        });
    }

    /// Counts a look that failed; how many it were, one after the other.
    pub(super) fn fail(&self) -> u32 {
        let mut watchers = self.watchers();
        watchers.failures += 1;
        watchers.failures
    }

    /// Sends all who watch away.
    pub(super) fn dismiss(&self) {
        self.watchers().all.clear();
        // Whoever waits finds that they are not there.
        self.seen.send_modify(|_| ());
    }
}

/// The place of one who watches.
#[derive(Debug)]
pub(super) struct Place {
    board: Arc<Board>,
    id: u64,
    pub(super) viewer: Uuid,
    seen: watch::Receiver<Option<Arc<Seen>>>,
}

/// Why there is no next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// They did not read what there was.
    TooSlow,
    /// The database did not answer.
    Away,
}

impl Place {
    /// The next look that was for this one, too.
    pub(super) async fn next(&mut self) -> Result<Arc<Seen>, Gone> {
        loop {
            let next = self.seen.borrow_and_update().clone();
            {
                let mut watchers = self.board.watchers();
                let failed = watchers.failures > 0;
                let Some(watcher) = watchers.all.get_mut(&self.id) else {
                    return Err(if failed { Gone::Away } else { Gone::TooSlow });
                };
                if let Some(next) = next.filter(|next| next.number > watcher.taken) {
                    (watcher.taken, watcher.behind_since) = (next.number, None);
                    if next.viewers.contains(&self.viewer) {
                        return Ok(next);
                    }
                }
            }
            if self.seen.changed().await.is_err() {
                return Err(Gone::Away);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.board.watchers().all.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    /// Shows a look of so many participants, `seconds` after the test began.
    fn look(board: &Board, participants: i64, seconds: u64, start: Instant) {
        let places = super::super::Places { participants, ..Default::default() };
        let viewers = board.viewers(start + Duration::from_secs(seconds));
        board.show(viewers.clone(), Look::Places { places, admitted: viewers });
    }

    #[tokio::test]
    async fn whoever_reads_too_late_is_dropped_and_nobody_else() {
        let (board, start) = (Arc::new(Board::new()), Instant::now());
        let (mut quick, mut slow) = (board.add(Uuid::from_u128(1)), board.add(Uuid::from_u128(2)));
        look(&board, 1, 0, start);
        assert_eq!(slow.next().await.map(|seen| seen.number), Ok(1));
        for (turn, number) in (2..=14).zip(1..) {
            assert_eq!(quick.next().await.map(|seen| seen.number), Ok(number));
            look(&board, turn, number, start);
        }
        assert_eq!(slow.next().await.err(), Some(Gone::TooSlow));
        assert_eq!(board.viewers(start), [Uuid::from_u128(1)].into());
        assert_eq!(quick.next().await.map(|seen| seen.number), Ok(14));
    }

    #[tokio::test]
    async fn where_nothing_changes_nobody_is_slow() {
        let (board, start) = (Arc::new(Board::new()), Instant::now());
        let mut one = board.add(Uuid::from_u128(1));
        look(&board, 1, 0, start);
        assert_eq!(one.next().await.map(|seen| seen.number), Ok(1));
        for second in 1..=100 {
            look(&board, 1, second, start);
        }
        look(&board, 2, 100, start);
        assert_eq!(one.next().await.map(|seen| seen.number), Ok(2), "what is like the last is not told");
    }

    #[tokio::test]
    async fn whoever_comes_later_is_shown_what_was_looked_at_for_them() {
        let (board, start) = (Arc::new(Board::new()), Instant::now());
        let _first = board.add(Uuid::from_u128(1));
        look(&board, 1, 0, start);
        let mut late = board.add(Uuid::from_u128(2));
        assert!(late.next().now_or_never().is_none());
        look(&board, 1, 5, start);
        assert_eq!(late.next().await.map(|seen| seen.viewers.len()), Ok(2));
        drop(late);
        assert_eq!(board.viewers(start).len(), 1);
        board.dismiss();
        assert!(board.viewers(start).is_empty());
    }
}
