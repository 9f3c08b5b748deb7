//! The worker that keeps the index complete.

use std::convert::Infallible;
use std::time::Duration;

use orchard_db::{Connection, Db};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::gauges::Gauges;
use super::{store, vocabulary};
use crate::error::Error;

/// Recipes that are looked at with one statement.
const WINDOW: i64 = 500;
/// Recipes that are indexed in one transaction.
const BATCH: usize = 25;
/// Words that are looked at in one transaction.
const WORDS: i64 = 100;
/// Wait after all words were looked at.
const WORDS_PERIOD: Duration = Duration::from_secs(24 * 3600);
/// Longest wait after a failure of the database.
const PAUSE: Duration = Duration::from_secs(5);

/// Indexes recipes that are not indexed as they are now, counts the recipes of each word, and forgets words that none has any more. Any number of replicas may run: each
/// takes recipes that no other one has.
#[derive(Debug)]
pub(crate) struct IndexWorker {
    db: Db,
    /// Wait after all recipes were looked at. Meanwhile a replica of an earlier release may write some.
    period: Duration,
    gauges: Gauges,
}

impl IndexWorker {
    pub(crate) fn new(db: Db, period: Duration) -> Self {
        Self { db, period, gauges: Gauges::default() }
    }

    /// Works forever.
    pub(crate) async fn run(&self) -> Infallible {
        let mut words_due = Instant::now();
        loop {
            let swept = self.sweep().await;
            if let Err(cause) = &swept {
                tracing::warn!(%cause, "cannot index recipes");
            }
            if words_due <= Instant::now() {
                match self.review_words().await {
                    Ok(()) => words_due = Instant::now() + WORDS_PERIOD,
                    Err(cause) => tracing::warn!(%cause, "cannot review words of recipes"),
                }
            }
            sleep(if swept.is_ok() { self.period } else { self.period.min(PAUSE) }).await;
        }
    }

    /// Looks at each recipe once, so that the sweep ends even if some cannot be indexed.
    async fn sweep(&self) -> Result<(), Error> {
        let mut due = self.count_unindexed().await?;
        self.gauges.set_due(due);
        let mut after = Uuid::nil();
        while due > 0
            && let Some((last, unindexed)) = self.unindexed(after).await?
        {
            for batch in unindexed.chunks(BATCH) {
                due = due.saturating_sub(self.index_batch(batch).await?);
                self.gauges.set_due(due);
            }
            after = last;
        }
        Ok(())
    }

    async fn count_unindexed(&self) -> Result<usize, Error> {
        let (mut count, mut after) = (0, Uuid::nil());
        while let Some((last, unindexed)) = self.unindexed(after).await? {
            count += unindexed.len();
            after = last;
        }
        Ok(count)
    }

    /// Returns the last recipe of those behind `after` that are looked at, and which of them are not indexed as they are now.
    async fn unindexed(&self, after: Uuid) -> Result<Option<(Uuid, Vec<Uuid>)>, Error> {
        let connection = self.db.read().await?;
        Ok(store::unindexed(&connection, after, WINDOW).await?)
    }

    /// Indexes some recipes, or each alone if that fails, so that one which cannot be indexed keeps no other waiting. Returns how many were.
    async fn index_batch(&self, recipes: &[Uuid]) -> Result<usize, Error> {
        let cause = match self.index(recipes).await {
            Ok(count) => return Ok(count),
            Err(cause) => cause,
        };
        if cause.is_outage() {
            return Err(cause);
        }
        let mut indexed = 0;
        for recipe in recipes {
            match self.index(std::slice::from_ref(recipe)).await {
                Ok(count) => indexed += count,
                Err(cause) if cause.is_outage() => return Err(cause),
                Err(cause) => {
                    self.gauges.count_failure();
                    tracing::warn!(%recipe, %cause, "cannot index a recipe");
                }
            }
        }
        Ok(indexed)
    }

    /// Indexes recipes, apart from those that others are writing or have indexed meanwhile. Returns how many there were.
    async fn index(&self, recipes: &[Uuid]) -> Result<usize, Error> {
        let recipes = recipes.to_vec();
        let index = async move |connection: &mut Connection| {
            let locked = store::lock_unindexed(connection, &recipes).await?;
            store::write(connection, &locked).await?;
            Ok::<_, Error>(locked.len())
        };
        self.db.write("index recipes", index).await
    }

    async fn review_words(&self) -> Result<(), Error> {
        let mut after = Some(String::new());
        while let Some(word) = after {
            let review =
                async move |connection: &mut Connection| Ok::<_, Error>(vocabulary::review(connection, &word, WORDS).await?);
            after = self.db.write("review words", review).await?;
        }
        Ok(())
    }
}
