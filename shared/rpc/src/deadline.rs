//! The deadline of the call being served.

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The moment by which a call must end.
///
/// The server sets it around each handler and the client reads it, so no handler can forget to pass it on. Tasks that a handler spawns
/// have no deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline that is `duration` from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// Returns the deadline of the call that this task serves.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|deadline| *deadline).ok()
    }

    /// Returns the deadline of the call that this task serves, or the one that is `duration` from now if that is sooner.
    pub fn within(duration: Duration) -> Self {
        let own = Self::after(duration);
        Self::current().map_or(own, |callers| callers.min(own))
    }

    /// Returns the time left; zero once the deadline has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Returns the moment itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Runs `work` with this as the current deadline. Does not end `work` when the deadline passes.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Same as [`Deadline::scope`], for work that does not wait.
    pub fn sync_scope<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_deadline_is_current_only_inside_its_scope() {
        let deadline = Deadline::after(Duration::from_secs(5));
        assert_eq!(Deadline::current(), None);
        assert_eq!(deadline.scope(async { Deadline::current() }).await, Some(deadline));
        assert_eq!(Deadline::current(), None);
        assert!(deadline.remaining() <= Duration::from_secs(5) && deadline.remaining() > Duration::from_secs(1));
        assert_eq!(Deadline::after(Duration::ZERO).remaining(), Duration::ZERO);
    }
}
