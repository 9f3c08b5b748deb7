//! Connections that have not said anything yet.

use std::collections::VecDeque;

use tokio::sync::oneshot;

/// Those connections, oldest first, so that they can be ended to make room.
#[derive(Default)]
pub(super) struct Silent(VecDeque<oneshot::Sender<()>>);

/// Held by a connection while it is silent; ends when it must go.
pub(super) type Ended = oneshot::Receiver<()>;

impl Silent {
    pub(super) fn add(&mut self) -> Ended {
        // Most begin to speak at once: those at the front that do are forgotten here, and the others stay in order.
        while self.0.front().is_some_and(oneshot::Sender::is_closed) {
            self.0.pop_front();
        }
        let (end, ended) = oneshot::channel();
        self.0.push_back(end);
        ended
    }

    /// Ends the oldest; says whether there was one.
    pub(super) fn end_oldest(&mut self) -> bool {
        while let Some(end) = self.0.pop_front() {
            if end.send(()).is_ok() {
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
    fn the_oldest_that_is_still_silent_goes_first() {
        let mut silent = Silent::default();
        let speaks = silent.add();
        let mut first = silent.add();
        let mut second = silent.add();
        drop(speaks);
        assert!(silent.end_oldest());
        assert_eq!((first.try_recv(), second.try_recv()), (Ok(()), Err(oneshot::error::TryRecvError::Empty)));
        drop(second);
        assert!(!silent.end_oldest(), "nobody is silent");
    }

    #[test]
    fn those_who_speak_are_not_remembered() {
        let mut silent = Silent::default();
        for _ in 0..100 {
            drop(silent.add());
        }
        assert!(silent.0.len() <= 1);
    }
}
