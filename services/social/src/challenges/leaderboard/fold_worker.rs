//! The worker that folds changes of leaderboards into their counts, in batches.

use std::convert::Infallible;
use std::time::Duration;

use orchard_db::Db;

use super::store;
use crate::error::Error;

/// Changes that are folded at once.
const BATCH: i64 = 2_000;
/// Wait after a fold, and longest wait after there was nothing to fold.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Folded changes after which the table is vacuumed. Reads of it walk past all that was deleted since.
const VACUUM_AFTER: i64 = 20_000;

/// Folds changes. Any number of replicas may run: each takes changes that no other one has.
#[derive(Debug)]
pub struct FoldWorker {
    db: Db,
}

impl FoldWorker {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Folds forever.
    pub(crate) async fn run(&self) -> Infallible {
        let (mut wait, mut folded) = (WAIT.0, 0);
        loop {
            tokio::time::sleep(wait).await;
            match self.fold().await {
                Ok(0) => wait = (wait * 2).min(WAIT.1),
                Ok(number) => {
                    wait = if number == BATCH { Duration::ZERO } else { WAIT.0 };
                    folded += number;
                }
                Err(cause) => {
                    tracing::warn!(%cause, "cannot fold changes of leaderboards");
                    wait = WAIT.1;
                }
            }
            if folded >= VACUUM_AFTER {
                folded = 0;
                if let Err(cause) = self.vacuum().await {
                    tracing::warn!(%cause, "cannot vacuum changes of leaderboards");
                }
            }
        }
    }

    async fn fold(&self) -> Result<i64, Error> {
        self.db.write("fold leaderboards", async move |connection| Ok::<_, Error>(store::fold(connection, BATCH).await?)).await
    }

    async fn vacuum(&self) -> Result<(), Error> {
        let mut connection = self.db.connection().await?;
        Ok(store::vacuum(&mut connection).await?)
    }
}
