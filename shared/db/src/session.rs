//! Sessions of the pool, which are given back clean or thrown away.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, RecycleError, RecycleResult};
use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::PoolableConnection as _;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::answers::{Answers, Era};
use crate::connect::{Dial, establish};

/// How long the next caller waits for the end of the last answer, which is on its way, before the session is thrown away.
const ANSWER_LIMIT: Duration = Duration::from_millis(50);

/// A session of the pool that is used by one caller at a time.
pub type Pooled = Object<Sessions>;

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

/// Opens the sessions of a pool, and checks those that were given back.
#[derive(Debug)]
pub struct Sessions {
    pub(crate) dial: Dial,
    pub(crate) era: Era,
}

impl Manager for Sessions {
    type Type = Session;
    type Error = ConnectionError;

    async fn create(&self) -> Result<Session, ConnectionError> {
        Box::pin(establish(&self.dial, &self.era)).await
    }

    // The first statement on a lost connection finds that out; asking at each checkout would cost a round trip.
    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<ConnectionError> {
        // Whoever needed one row only has gone before the end of the answer.
        if !session.is_over() && !session.answers.is_idle() {
            let _late = timeout(ANSWER_LIMIT, session.answers.answered()).await;
        }
        if session.is_clean() { Ok(()) } else { Err(RecycleError::message("not clean")) }
    }
}
