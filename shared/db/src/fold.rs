//! Folding: a worker moves rows that record changes into columns that add them up.

use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;

use crate::db::Db;
use crate::failure::Failure;

/// Wait after a fold, and longest wait after there was nothing to fold.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Folded changes after which the table is vacuumed. Readers walk past all that was deleted since.
const VACUUM_AFTER: usize = 20_000;

/// What one fold has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// The number of changes that were folded.
    pub changes: usize,
    /// Whether there may be more, so that the next fold does not wait.
    pub is_full: bool,
}

/// Folds the changes in a table forever. Any number of replicas may do so, if each fold takes changes that no other one has.
pub async fn fold_forever<F, E>(db: &Db, table: &'static str, fold: impl Fn() -> F) -> Infallible
where
    F: Future<Output = Result<Folded, E>>,
    E: Display,
{
    let (mut wait, mut unvacuumed) = (WAIT.0, 0);
    loop {
        tokio::time::sleep(wait).await;
        match fold().await {
            Ok(Folded { changes: 0, .. }) => wait = (wait * 2).min(WAIT.1),
            Ok(Folded { changes, is_full }) => {
                wait = if is_full { Duration::ZERO } else { WAIT.0 };
                unvacuumed += changes;
            }
            Err(cause) => {
                tracing::warn!(table, %cause, "cannot fold changes");
                wait = WAIT.1;
            }
        }
        if unvacuumed >= VACUUM_AFTER {
            unvacuumed = 0;
            if let Err(cause) = vacuum(db, table).await {
                tracing::warn!(table, %cause, "cannot vacuum folded changes");
            }
        }
    }
}

/// Frees the space of folded changes, unless another session does. This cannot be part of a transaction.
async fn vacuum(db: &Db, table: &str) -> Result<(), Failure> {
    let mut connection = db.connection().await?;
    Ok(connection.batch_execute(&format!("VACUUM (SKIP_LOCKED, TRUNCATE false) {table}")).await?)
}
