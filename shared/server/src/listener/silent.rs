//! Connections that have not sent anything yet.

use std::collections::VecDeque;

use tokio::sync::oneshot;

/// The silent connections, oldest first, which can be closed to make room.
#[derive(Default)]
pub(super) struct SilentConnections(VecDeque<oneshot::Sender<()>>);

/// Held by a connection while it is silent. Completes when the connection must close.
pub(super) type Eviction = oneshot::Receiver<()>;

impl SilentConnections {
    pub(super) fn add(&mut self) -> Eviction {
        // Most connections send something at once. Those at the front that did are removed here; the order of the rest stays.
        while self.0.front().is_some_and(oneshot::Sender::is_closed) {
            self.0.pop_front();
        }
        let (evict, eviction) = oneshot::channel();
        self.0.push_back(evict);
        eviction
    }

    /// Closes the oldest silent connection and returns whether there was one.
    pub(super) fn evict_oldest(&mut self) -> bool {
        while let Some(evict) = self.0.pop_front() {
            if evict.send(()).is_ok() {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_silent_connection_is_evicted_first() {
        let mut silent = SilentConnections::default();
        let speaks = silent.add();
        let mut first = silent.add();
        let mut second = silent.add();
        drop(speaks);
        assert!(silent.evict_oldest());
        assert_eq!((first.try_recv(), second.try_recv()), (Ok(()), Err(oneshot::error::TryRecvError::Empty)));
        drop(second);
        assert!(!silent.evict_oldest(), "no connection is silent");
    }

    #[test]
    fn connections_that_have_sent_something_are_forgotten() {
        let mut silent = SilentConnections::default();
        for _ in 0..100 {
            drop(silent.add());
        }
        assert!(silent.0.len() <= 1);
    }
}
