//! The moment by which a call must have ended.

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The moment by which the call that is being served must have ended.
///
/// The server sets it around each handler and the client reads it, so that no handler can forget to pass it on. Tasks that a handler
/// spawns have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// So much from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The deadline of the call that this task serves.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|deadline| *deadline).ok()
    }

    /// What is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The moment.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Does `work` with this as the current deadline. It is not ended when the deadline passes.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// As [`Deadline::scope`], for work that does not wait.
    pub fn sync_scope<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_current_inside_its_scope_alone() {
        let deadline = Deadline::after(Duration::from_secs(5));
        assert_eq!(Deadline::current(), None);
        assert_eq!(deadline.scope(async { Deadline::current() }).await, Some(deadline));
        assert_eq!(Deadline::current(), None);
        assert!(deadline.remaining() <= Duration::from_secs(5) && deadline.remaining() > Duration::from_secs(1));
        assert_eq!(Deadline::after(Duration::ZERO).remaining(), Duration::ZERO);
    }
}
