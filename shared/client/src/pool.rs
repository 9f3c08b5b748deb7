//! The connections to a replica that calls of one kind share: as many as the open calls need.

use std::time::Duration;

use futures::future::{BoxFuture, Shared};
use tokio::time::Instant;

use crate::connection::{Connection, Failure, Seat};

/// The most connections. Calls beyond what they carry are refused.
const MAX_CONNECTIONS: usize = 32;
/// How long a connection that no call needs stays open.
const IDLE: Duration = Duration::from_secs(30);

/// A connection attempt. All calls that need it wait for the same one, and fail with it.
pub(crate) type Connecting = Shared<BoxFuture<'static, Result<Connection, Failure>>>;

/// Open connections, and the one that is being made.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    open: Vec<(Connection, Instant)>,
    connecting: Option<Connecting>,
}

/// What a call gets.
pub(crate) enum Place {
    Taken(Seat),
    Wait(Connecting),
    Full,
}

impl Pool {
    /// Takes a seat on the first connection that has one, so that the last ones empty. Without one, `connect` makes another connection.
    pub(crate) fn take(&mut self, connect: impl FnOnce() -> Connecting) -> Place {
        self.open.retain(|(connection, _)| !connection.is_closed());
        for (connection, used) in &mut self.open {
            if let Some(seat) = connection.seat() {
                *used = Instant::now();
                return Place::Taken(seat);
            }
        }
        match &self.connecting {
            Some(connecting) => Place::Wait(connecting.clone()),
            None if self.open.len() >= MAX_CONNECTIONS => Place::Full,
            None => Place::Wait(self.connecting.insert(connect()).clone()),
        }
    }

    /// Notes the result of a connection attempt, and returns whether it was not known yet.
    pub(crate) fn connected(&mut self, connecting: &Connecting, connected: &Result<Connection, Failure>) -> bool {
        if !self.connecting.as_ref().is_some_and(|current| current.ptr_eq(connecting)) {
            return false;
        }
        self.connecting = None;
        if let Ok(connection) = connected {
            self.open.push((connection.clone(), Instant::now()));
        }
        true
    }

    /// Takes a connection away from new calls, and returns whether it was there. Its open calls go on.
    pub(crate) fn remove(&mut self, seat: &Seat) -> bool {
        let before = self.open.len();
        self.open.retain(|(connection, _)| !seat.is_on(connection));
        self.open.len() < before
    }

    /// Closes connections that no call has needed for a while, but for one.
    pub(crate) fn close_idle(&mut self, now: Instant) {
        let mut left = self.open.len();
        self.open.retain(|(connection, used)| {
            let is_kept = left == 1 || connection.is_used() || now.saturating_duration_since(*used) < IDLE;
            left -= usize::from(!is_kept);
            is_kept
        });
    }
}
