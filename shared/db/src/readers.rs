//! Connections that reads share.

use std::ops::Deref;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Config;

use crate::{ConnectionUrl, Failure, Limits, connect};

/// How many. Two keep PostgreSQL at work: one answers while the other is asked.
pub const READERS: usize = 2;
/// A read waits for a lock only while a table is altered, and all behind it wait as well.
const LOCK_WAIT: Duration = Duration::from_millis(100);

/// A connection for one caller's reads, which others use at the same time: nobody waits for another's answer to ask.
///
/// It is only ever lent by `&`, so that what takes `&mut`, which transactions and writes do, cannot be done on it. PostgreSQL answers
/// in turn: a statement that takes long holds up those of others.
pub struct Reader {
    shared: Arc<Shared>,
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

struct Shared {
    connection: AsyncPgConnection,
    driver: JoinHandle<()>,
}

impl Shared {
    fn is_lost(&self) -> bool {
        self.driver.is_finished()
    }
}

/// The connections, each made when first needed and again when it was lost.
pub(crate) struct Readers {
    session: Config,
    wait: Duration,
    connect: Duration,
    slots: [Slot; READERS],
}

#[derive(Default)]
struct Slot {
    connection: std::sync::Mutex<Option<Arc<Shared>>>,
    /// Held by all who use it, or wait for it to be made.
    users: Arc<()>,
    /// One connects, and the others wait for what comes of it.
    connecting: tokio::sync::Mutex<()>,
}

impl Slot {
    fn get(&self) -> Option<Arc<Shared>> {
        let held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|shared| !shared.is_lost()).map(Arc::clone)
    }

    fn set(&self, shared: Option<Arc<Shared>>) {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = shared;
    }
}

impl Readers {
    pub(crate) fn new(url: &ConnectionUrl, limits: &Limits) -> Self {
        let session = url.session(&Limits { lock: limits.lock.min(LOCK_WAIT), ..limits.clone() });
        Self { session, wait: limits.pool_wait, connect: limits.connect, slots: Default::default() }
    }

    /// The one with the fewest users.
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

    async fn connect(&self, slot: &Slot) -> Result<Arc<Shared>, Failure> {
        let Ok(_turn) = timeout(self.wait, slot.connecting.lock()).await else {
            return Err(Failure::Busy("connecting".to_owned()));
        };
        if let Some(shared) = slot.get() {
            return Ok(shared);
        }
        let Ok(established) = timeout(self.connect, connect::establish(&self.session)).await else {
            return Err(Failure::Unavailable("connecting takes too long".to_owned()));
        };
        let (connection, driver) = established?;
        let shared = Arc::new(Shared { connection, driver });
        slot.set(Some(Arc::clone(&shared)));
        Ok(shared)
    }

    /// Ends those that nobody uses; others end with their last user.
    pub(crate) fn close(&self) {
        self.slots.iter().for_each(|slot| slot.set(None));
    }
}
