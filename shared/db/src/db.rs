//! A slice's database.

use std::sync::Arc;

use deadpool::Runtime;
use deadpool::managed::{Pool, Timeouts};
use tokio_util::task::TaskTracker;

use crate::answers::Era;
use crate::connect::ConnectionUrl;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::observe::PoolMetrics;
use crate::pool::{Pooled, Sessions};
use crate::readers::{Reader, Readers};

/// A slice's database: two connections that all reads share, a pool for writes, and the units of work in progress. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Arc<Readers>,
    pool: Pool<Sessions>,
    metrics: Arc<PoolMetrics>,
    pub(crate) units: TaskTracker,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

impl Db {
    /// Creates a pool of at most `connections`, and the two connections that reads share.
    ///
    /// Connections are opened when they are first needed: the database may be unavailable now and available later.
    pub fn new(url: ConnectionUrl, connections: usize, limits: &Limits) -> Result<Self, Failure> {
        let metrics = Arc::new(PoolMetrics::new(url.role()));
        let era = Era::default();
        let readers = Arc::new(Readers::new(&url, limits, &era));
        let timeouts = Timeouts { wait: Some(limits.pool_wait), create: Some(limits.connect), recycle: Some(limits.connect) };
        let pool = Pool::builder(Sessions { dial: url.session(limits), era })
            .max_size(connections)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(Self { readers, pool, metrics, units: TaskTracker::new() })
    }

    /// Returns the largest number of connections in the pool.
    pub fn connections(&self) -> usize {
        self.pool.status().max_size
    }

    /// Returns a connection for look-ups, which other callers use at the same time.
    ///
    /// It is for statements that an index answers: a slow statement would delay those of others and belongs into a
    /// [`snapshot`](Self::snapshot).
    pub async fn read(&self) -> Result<Reader, Failure> {
        self.readers.get().await
    }

    /// Returns a connection for this caller alone, for single statements that write.
    pub async fn connection(&self) -> Result<Pooled, Failure> {
        self.metrics.time(self.pool.get()).await.map_err(Failure::from)
    }

    /// Sets the pool's gauges to their current values.
    pub fn set_gauges(&self) {
        self.metrics.set_gauges(&self.pool);
    }

    /// Waits until the units of work in progress have ended, which outlive their callers, and then closes all connections.
    pub async fn settle(&self) {
        self.units.close();
        self.units.wait().await;
        self.pool.close();
        self.readers.close();
    }
}
