//! The database as every slice uses it: pools, units of work, failures, migrations, idempotency keys.

mod after;
mod clock;
mod connect;
mod error;
mod failure;
pub mod idempotency;
mod migrate;
pub mod migrations;
mod observe;
mod prepared;
mod readers;
mod schema;
mod statements;
mod text;
mod unit;
mod words;

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::Timeouts;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use tokio_util::task::TaskTracker;

pub use after::after_commit;
pub use clock::moment;
pub use connect::{ConnectionUrl, InvalidUrl};
pub use diesel_async::AsyncPgConnection as Connection;
pub use diesel_migrations::EmbeddedMigrations;
pub use error::{Domain, Error, Rule};
pub use failure::Failure;
pub use migrate::{MigrateError, NotMigrated, migrate, require_migrated};
pub use migrations::Migrations;
pub use readers::{READERS, Reader};
pub use unit::{Unit, UnitError};

use observe::Waits;
use readers::Readers;

/// What a statement may take, and what a session may hold, before PostgreSQL ends it.
///
/// Set on every connection, so that nothing which a lost client left behind outlives them.
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

/// A slice's database: connections that reads share, a pool for what writes, and the units of work under way. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Arc<Readers>,
    pool: Pool<AsyncPgConnection>,
    waits: Arc<Waits>,
    units: TaskTracker,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

impl Db {
    /// A pool of at most `connections`, and two that reads share. They are made when first needed: a database that is away now may be
    /// there later.
    pub fn new(url: ConnectionUrl, connections: usize, limits: &Limits) -> Result<Self, Failure> {
        let waits = Arc::new(Waits::new(url.role()));
        let session = Arc::new(url.session(limits));
        let readers = Arc::new(Readers::new(&url, limits));
        let mut config = ManagerConfig::default();
        // Connections that were lost are found by their first statement; verifying each checkout costs a round trip.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_url| {
            let session = Arc::clone(&session);
            Box::pin(async move { connect::establish(&session).await.map(|(connection, _driver)| connection) })
        });
        let manager = AsyncDieselConnectionManager::new_with_config(String::new(), config);
        let timeouts = Timeouts { wait: Some(limits.pool_wait), create: Some(limits.connect), recycle: Some(limits.connect) };
        let pool = Pool::builder(manager)
            .max_size(connections)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(Self { readers, pool, waits, units: TaskTracker::new() })
    }

    /// Connections of the pool at most.
    pub fn connections(&self) -> usize {
        self.pool.status().max_size
    }

    /// A connection for look-ups, which others use at the same time: for statements that an index answers. What may take longer than
    /// that, holds up nobody in a [`snapshot`](Self::snapshot).
    pub async fn read(&self) -> Result<Reader, Failure> {
        self.readers.get().await
    }

    /// A connection that nobody else uses meanwhile, for single statements that write.
    pub async fn connection(&self) -> Result<Object<AsyncPgConnection>, Failure> {
        self.waits.get(&self.pool).await.map_err(Failure::from)
    }

    /// Sets the metrics of its pool to what they are now.
    pub fn set_gauges(&self) {
        self.waits.set_gauges(&self.pool);
    }

    /// Waits until the units of work under way have ended; they go on when their callers are gone.
    pub async fn settle(&self) {
        self.units.close();
        self.units.wait().await;
        self.pool.close();
        self.readers.close();
    }
}
