//! The worker that reads watched leaderboards: each at most once per second, for all its watchers.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use orchard_db::Db;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::board::{Subscription, WatchedBoard};
use crate::challenges::leaderboard::store;
use crate::error::Error;

/// How often a leaderboard is read.
const PERIOD: Duration = Duration::from_secs(1);
/// Leaderboards that are read at the same time.
const CONCURRENCY: usize = 8;
/// Failed readings in a row after which the watchers are dismissed.
const FAILURES: u32 = 10;

/// Reads watched leaderboards. Clones share them.
#[derive(Debug, Clone)]
pub struct Poller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    boards: Mutex<HashMap<Uuid, Polled>>,
    subscribed: Notify,
}

#[derive(Debug)]
struct Polled {
    board: Arc<WatchedBoard>,
    /// When it is read next.
    due: Instant,
}

impl Poller {
    /// Reads leaderboards from `db`.
    pub fn new(db: Db) -> Self {
        Self(Arc::new(Inner { db, boards: Mutex::default(), subscribed: Notify::new() }))
    }

    fn boards(&self) -> MutexGuard<'_, HashMap<Uuid, Polled>> {
        // No change of it can panic halfway.
        self.0.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Subscribes a viewer to a leaderboard. The first watcher of a leaderboard gets a reading at once, others get the next
    /// one.
    pub(super) fn subscribe(&self, challenge: Uuid, viewer: Uuid) -> Subscription {
        let mut boards = self.boards();
        let new = || Polled { board: Arc::new(WatchedBoard::new()), due: Instant::now() };
        let subscription = boards.entry(challenge).or_insert_with(new).board.subscribe(viewer);
        drop(boards);
        self.0.subscribed.notify_one();
        subscription
    }

    /// Reads leaderboards forever.
    pub(crate) async fn run(&self) -> Infallible {
        loop {
            let next = self.read_due().await;
            let subscribed = self.0.subscribed.notified();
            match next {
                Some(due) => tokio::select! {
                    () = sleep_until(due) => (),
                    () = subscribed => (),
                },
                None => subscribed.await,
            }
        }
    }

    /// Reads the leaderboards that are due, and returns when the next one is.
    async fn read_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut due = Vec::new();
        for (challenge, polled) in self.boards().iter_mut().filter(|(_, polled)| polled.due <= now) {
            polled.due = now + PERIOD;
            due.push((*challenge, Arc::clone(&polled.board)));
        }
        let reads = due.into_iter().map(|(challenge, board)| self.read(challenge, board));
        futures::stream::iter(reads).for_each_concurrent(CONCURRENCY, |read| read).await;
        self.boards().values().map(|polled| polled.due).min()
    }

    async fn read(&self, challenge: Uuid, board: Arc<WatchedBoard>) {
        let viewers = board.viewers(Instant::now());
        if viewers.is_empty() {
            self.forget(challenge);
            return;
        }
        let state = async {
            let connection = self.0.db.read().await?;
            Ok::<_, Error>(store::board_state(&connection, challenge, viewers.iter().copied().collect()).await?)
        };
        match state.await {
            Ok(state) => board.publish(viewers, state),
            Err(cause) => {
                tracing::warn!(%challenge, %cause, "cannot read a watched leaderboard");
                if board.fail() >= FAILURES {
                    board.dismiss();
                }
            }
        }
    }

    /// Forgets a leaderboard without watchers, unless one has subscribed meanwhile.
    fn forget(&self, challenge: Uuid) {
        let mut boards = self.boards();
        if boards.get(&challenge).is_some_and(|polled| polled.board.viewers(Instant::now()).is_empty()) {
            boards.remove(&challenge);
        }
    }
}
