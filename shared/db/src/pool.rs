//! The pool of sessions, which are given back clean or thrown away.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, RecycleError, RecycleResult};
use diesel::ConnectionError;
use tokio::time::timeout;

use crate::answers::Era;
use crate::connect::{Dial, establish};
use crate::session::Session;

/// How long the next caller waits for the end of the last answer, which is on its way, before the session is thrown away.
const ANSWER_LIMIT: Duration = Duration::from_millis(50);

/// A session of the pool that is used by one caller at a time.
pub type Pooled = Object<Sessions>;

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
        // An error reaches its caller before the end of the answer does.
        if !session.is_over() && !session.answers.is_idle() {
            let _late = timeout(ANSWER_LIMIT, session.answers.answered()).await;
        }
        if session.is_clean() { Ok(()) } else { Err(RecycleError::message("not clean")) }
    }
}
