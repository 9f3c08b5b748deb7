//! The worker that folds changes of leaderboards into their counts, in batches.

use std::convert::Infallible;

use orchard_db::{Db, Folded, fold_forever};

use super::store;
use crate::error::Error;

/// Changes that are folded at once.
const BATCH: usize = 2_000;

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
        fold_forever(&self.db, "leaderboard_changes", || self.fold()).await
    }

    async fn fold(&self) -> Result<Folded, Error> {
        let changes = self
            .db
            .write("fold leaderboards", async move |connection| Ok::<_, Error>(store::fold(connection, BATCH).await?))
            .await?;
        Ok(Folded { changes, is_full: changes == BATCH })
    }
}
