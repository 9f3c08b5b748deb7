//! The connections that all reads share.

use std::ops::Deref;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use tokio::time::timeout;

use crate::answers::Era;
use crate::connect::{self, ConnectionUrl, Dial};
use crate::failure::Failure;
use crate::limits::Limits;
use crate::session::Session;

/// The number of shared connections. Two keep PostgreSQL busy: one answers while the other receives statements.
pub const READERS: usize = 2;
/// The longest wait for a lock. A read waits only while a table is altered, and all reads behind it wait, too.
const LOCK_WAIT: Duration = Duration::from_millis(100);

/// A shared connection for reads. Callers send their statements without waiting for each other's answers.
///
/// It dereferences to `&Connection` only, so transactions and writes, which take `&mut Connection`, do not compile on it. PostgreSQL
/// answers statements in order: a slow statement delays those of others.
pub struct Reader {
    shared: Arc<Session>,
    _user: Arc<()>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Deref for Reader {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.shared.connection
    }
}

/// The shared connections. Each is opened when it is first needed, and again after it was lost or the schema has changed.
pub(crate) struct Readers {
    dial: Dial,
    era: Era,
    wait: Duration,
    connect: Duration,
    slots: [Slot; READERS],
}

#[derive(Default)]
struct Slot {
    connection: std::sync::Mutex<Option<Arc<Session>>>,
    /// Counts the callers that use the connection or wait for it.
    users: Arc<()>,
    /// Held by the caller that connects, while the others wait.
    connecting: tokio::sync::Mutex<()>,
}

impl Slot {
    fn get(&self) -> Option<Arc<Session>> {
        let held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|shared| !shared.is_over()).map(Arc::clone)
    }

    fn set(&self, shared: Option<Arc<Session>>) {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = shared;
    }
}

impl Readers {
    pub(crate) fn new(url: &ConnectionUrl, limits: &Limits, era: &Era) -> Self {
        let dial = url.session(&Limits { lock: limits.lock.min(LOCK_WAIT), ..limits.clone() });
        Self { dial, era: era.clone(), wait: limits.pool_wait, connect: limits.connect, slots: Default::default() }
    }

    /// Returns the connection with the fewest users.
    pub(crate) async fn get(&self) -> Result<Reader, Failure> {
        let [first, second] = &self.slots;
        let slot = if Arc::strong_count(&second.users) < Arc::strong_count(&first.users) { second } else { first };
        let user = Arc::clone(&slot.users);
        let shared = match slot.get() {
            Some(shared) => shared,
            None => self.connect(slot).await?,
        };
        Ok(Reader { shared, _user: user })
    }

    async fn connect(&self, slot: &Slot) -> Result<Arc<Session>, Failure> {
        let Ok(_turn) = timeout(self.wait, slot.connecting.lock()).await else {
            return Err(Failure::Busy("connecting".to_owned()));
        };
        if let Some(shared) = slot.get() {
            return Ok(shared);
        }
        let Ok(established) = timeout(self.connect, connect::establish(&self.dial, &self.era)).await else {
            return Err(Failure::Unavailable("connecting takes too long".to_owned()));
        };
        let shared = Arc::new(established?);
        slot.set(Some(Arc::clone(&shared)));
        Ok(shared)
    }

    /// Closes the connections. One in use closes with its last user.
    pub(crate) fn close(&self) {
        self.slots.iter().for_each(|slot| slot.set(None));
    }
}
