//! What time it is, to those who judge tokens, the age of keys, and what is due.

use std::ops::Add;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The system's clock, which a test can move. Its clones move together.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_millis: Arc<AtomicU64>,
}

impl Clock {
    /// Moves it ahead of the system's.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_millis.fetch_add(by, Ordering::SeqCst);
    }

    /// For ages: it never goes back.
    pub(crate) fn instant(&self) -> Instant {
        Instant::now() + self.ahead()
    }

    /// For dates: seconds of the epoch.
    pub(crate) fn epoch_seconds(&self) -> f64 {
        (SystemTime::now() + self.ahead()).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    /// Returns the time of this clock at `moment`, a time of the system's or the database's clock.
    pub fn at<T: Add<Duration, Output = T>>(&self, moment: T) -> T {
        moment + self.ahead()
    }

    /// How far it is ahead of the system's.
    pub fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_millis.load(Ordering::Relaxed))
    }
}
