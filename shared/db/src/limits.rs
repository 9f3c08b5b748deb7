//! Limits of sessions and of the pool.

use std::time::Duration;

/// How long statements, locks and connections may take.
///
/// The first three are settings of every session, so PostgreSQL itself ends what a lost client left behind.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `statement_timeout`.
    pub statement: Duration,
    /// `lock_timeout`.
    pub lock: Duration,
    /// `idle_in_transaction_session_timeout`.
    pub idle_in_transaction: Duration,
    /// Longest wait for a free connection of the pool.
    pub pool_wait: Duration,
    /// Longest wait for a new connection to PostgreSQL.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(5),
            lock: Duration::from_secs(3),
            idle_in_transaction: Duration::from_secs(5),
            pool_wait: Duration::from_millis(200),
            connect: Duration::from_secs(2),
        }
    }
}
