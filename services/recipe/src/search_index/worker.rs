//! The worker that keeps the index complete.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{Days, Utc};
use orchard_db::Db;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::store;
use crate::error::Error;

/// Recipes that are looked at in one transaction.
const BATCH: i64 = 500;
/// Words that are looked at in one transaction.
const WORDS: i64 = 100;
/// Wait after all words were looked at.
const WORDS_PERIOD: Duration = Duration::from_secs(24 * 3600);
/// Wait after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// Indexes recipes that are not indexed as they are now, and forgets words that no recipe has any more. Any number of replicas may run: each
/// takes recipes that no other one has.
#[derive(Debug)]
pub(crate) struct IndexWorker {
    db: Db,
    /// Wait after all recipes were looked at. Meanwhile a replica of an earlier release may write some.
    period: Duration,
}

impl IndexWorker {
    pub(crate) fn new(db: Db, period: Duration) -> Self {
        Self { db, period }
    }

    /// Works forever.
    pub(crate) async fn run(&self) -> Infallible {
        let mut words_due = Instant::now();
        loop {
            let mut after = Uuid::nil();
            loop {
                match self.index(after).await {
                    Ok(Some(last)) => after = last,
                    Ok(None) => break,
                    Err(cause) => {
                        tracing::warn!(%cause, "cannot index recipes");
                        sleep(PAUSE).await;
                    }
                }
            }
            if words_due <= Instant::now() {
                words_due = Instant::now() + WORDS_PERIOD;
                if let Err(cause) = self.forget().await {
                    tracing::warn!(%cause, "cannot forget words of recipes");
                }
            }
            sleep(self.period).await;
        }
    }

    /// Indexes some recipes behind `after`, and returns the last that was looked at.
    async fn index(&self, after: Uuid) -> Result<Option<Uuid>, Error> {
        let index = async move |connection: &mut orchard_db::Connection| {
            let Some((last, stale)) = store::lock_unindexed(connection, after, BATCH).await? else { return Ok(None) };
            store::write(connection, &stale).await?;
            Ok::<_, Error>(Some(last))
        };
        self.db.write("index recipes", index).await
    }

    async fn forget(&self) -> Result<(), Error> {
        // Another replica's clock may be behind, and a transaction may have begun before midnight.
        let day = Utc::now().date_naive() - Days::new(1);
        let mut after = Some(String::new());
        while let Some(word) = after {
            let forget = async move |connection: &mut orchard_db::Connection| {
                Ok::<_, Error>(store::forget(connection, &word, WORDS, day).await?)
            };
            after = self.db.write("forget words", forget).await?;
        }
        Ok(())
    }
}
