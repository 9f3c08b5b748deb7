//! A session, and what is known of it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::PoolableConnection as _;
use tokio::task::JoinHandle;

use crate::answers::Answers;

/// A connection, and what is known of its session.
pub struct Session {
    pub(crate) connection: AsyncPgConnection,
    pub(crate) answers: Arc<Answers>,
    pub(crate) driver: JoinHandle<()>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("answers", &self.answers).finish_non_exhaustive()
    }
}

impl Session {
    /// Returns whether the connection is lost, or its statements were prepared for another schema.
    pub(crate) fn is_over(&self) -> bool {
        self.driver.is_finished() || self.answers.is_outdated()
    }

    /// Returns whether the next caller can use the session: nobody left a transaction open, and PostgreSQL said so itself. What was sent
    /// and what was answered may differ: a COMMIT that is cancelled before it begins leaves its transaction failed, but open.
    pub(crate) fn is_clean(&mut self) -> bool {
        !self.is_over() && self.answers.is_idle() && !self.connection.is_broken()
    }
}

impl Deref for Session {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }
}
