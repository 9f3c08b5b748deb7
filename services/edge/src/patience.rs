//! How long views wait for a slice.
//!
//! A process that is stopped takes connections and answers nothing, which no refusal and no lost connection tells. Without memory each
//! view would wait for it as long as it may.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Longest that a view waits for one slice. A section that is late is worth less than a view that is there.
const LIMIT: Duration = Duration::from_secs(2);
/// Longest that a view waits for a slice that has not answered for some time.
const SHORT_LIMIT: Duration = Duration::from_millis(200);
/// The number of late calls in a row after which a slice is not waited for, except by each call of that number.
const MANY: u32 = 10;

/// The calls of a slice that were late, one after another.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    late: AtomicU32,
}

impl Patience {
    /// Returns how long the next call may take.
    pub(crate) fn limit(&self) -> Duration {
        match self.late.load(Ordering::Relaxed) {
            late if late >= MANY && !late.is_multiple_of(MANY) => SHORT_LIMIT,
            _ => LIMIT,
        }
    }

    /// Notes that a call had no answer within [`Self::limit`].
    pub(crate) fn late(&self) {
        // Wraps around after four billion calls, to a slice that is waited for again.
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a call ended by itself.
    pub(crate) fn ended(&self) {
        self.late.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_that_is_late_ten_times_is_waited_for_each_tenth_time() {
        let patience = Patience::default();
        let mut limits = Vec::new();
        for _ in 0..31 {
            limits.push(patience.limit());
            patience.late();
        }
        assert!(limits[..=10].iter().all(|limit| *limit == LIMIT));
        let long = (11..31).filter(|n| limits[*n] == LIMIT).collect::<Vec<_>>();
        assert_eq!(long, [20, 30]);
        patience.ended();
        assert_eq!(patience.limit(), LIMIT);
    }
}
