//! The clock that judges tokens and the age of keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};

/// The system's clock, which a test can advance or stop. Clones advance and stop together.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_millis: Arc<AtomicU64>,
    /// Where it has stopped, in microseconds of the Unix epoch; 0 while it runs.
    stopped_micros: Arc<AtomicI64>,
}

impl Clock {
    /// Advances the clock ahead of the system's.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_millis.fetch_add(by, Ordering::SeqCst);
    }

    /// Returns the current instant, which never goes back: for ages.
    pub(crate) fn instant(&self) -> Instant {
        Instant::now() + self.ahead()
    }

    /// Returns the seconds since the Unix epoch: for dates.
    pub(crate) fn epoch_seconds(&self) -> f64 {
        (SystemTime::now() + self.ahead()).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    /// Stops the clock at a time, for [`at`](Self::at).
    pub fn stop_at(&self, moment: DateTime<Utc>) {
        self.stopped_micros.store(moment.timestamp_micros(), Ordering::SeqCst);
    }

    /// Returns the time of this clock at `moment`, a time of the system's or the database's clock.
    pub fn at(&self, moment: DateTime<Utc>) -> DateTime<Utc> {
        match self.stopped_micros.load(Ordering::Relaxed) {
            0 => moment + self.ahead(),
            stopped => DateTime::from_timestamp_micros(stopped).unwrap_or(moment),
        }
    }

    /// Returns how far the clock is ahead of the system's.
    pub fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_millis.load(Ordering::Relaxed))
    }
}
