//! Looks at the boards that are watched, each once a second at most for all who watch it, as long as the process lives.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use orchard_db::Db;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::board::{Board, Place};
use super::store;
use crate::error::Error;

/// How often a board is looked at.
const PERIOD: Duration = Duration::from_secs(1);
/// Boards that are looked at, at the same time.
const AT_ONCE: usize = 8;
/// Looks that may fail, one after the other, before those who watch are sent away.
const FAILURES: u32 = 10;

/// The boards that are watched. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    boards: Mutex<HashMap<Uuid, Watched>>,
    came: Notify,
}

#[derive(Debug)]
struct Watched {
    board: Arc<Board>,
    /// When it is to be looked at.
    due: Instant,
}

impl Hub {
    /// Looks at boards in `db`.
    pub fn new(db: Db) -> Self {
        Self(Arc::new(Inner { db, boards: Mutex::default(), came: Notify::new() }))
    }

    fn boards(&self) -> MutexGuard<'_, HashMap<Uuid, Watched>> {
        // Nothing is half done where it could panic.
        self.0.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one who watches. Theirs is the next look, which is soon if they are the first.
    pub(super) fn watch(&self, challenge: Uuid, viewer: Uuid) -> Place {
        let mut boards = self.boards();
        let fresh = || Watched { board: Arc::new(Board::new()), due: Instant::now() };
        let place = boards.entry(challenge).or_insert_with(fresh).board.add(viewer);
        drop(boards);
        self.0.came.notify_one();
        place
    }

    /// Looks for ever.
    pub(crate) async fn run(self) -> Infallible {
        loop {
            let next = self.look_at_what_is_due().await;
            let came = self.0.came.notified();
            match next {
                Some(due) => tokio::select! {
                    () = sleep_until(due) => (),
                    () = came => (),
                },
                None => came.await,
            }
        }
    }

    /// Looks at the boards that are due; when the next is.
    async fn look_at_what_is_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut due = Vec::new();
        for (challenge, watched) in self.boards().iter_mut().filter(|(_, watched)| watched.due <= now) {
            watched.due = now + PERIOD;
            due.push((*challenge, Arc::clone(&watched.board)));
        }
        let looks = due.into_iter().map(|(challenge, board)| self.look(challenge, board));
        futures::stream::iter(looks).for_each_concurrent(AT_ONCE, |look| look).await;
        self.boards().values().map(|watched| watched.due).min()
    }

    async fn look(&self, challenge: Uuid, board: Arc<Board>) {
        let viewers = board.viewers(Instant::now());
        if viewers.is_empty() {
            self.forget(challenge);
            return;
        }
        let look = async {
            let connection = self.0.db.read().await?;
            Ok::<_, Error>(store::look(&connection, challenge, viewers.iter().copied().collect()).await?)
        };
        match look.await {
            Ok(look) => board.show(viewers, look),
            Err(cause) => {
                tracing::warn!(%challenge, %cause, "a leaderboard that is watched cannot be read");
                if board.fail() >= FAILURES {
                    board.dismiss();
                }
            }
        }
    }

    /// Forgets a board that nobody watches. Whoever came meanwhile is on it, and so it stays.
    fn forget(&self, challenge: Uuid) {
        let mut boards = self.boards();
        if boards.get(&challenge).is_some_and(|watched| watched.board.viewers(Instant::now()).is_empty()) {
            boards.remove(&challenge);
        }
    }
}
