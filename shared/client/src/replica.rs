//! One replica of a service: its connection, the number of its calls, and whether it is paused.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::backoff::Pause;
use crate::connection::{Connection, Connector, Failure};

/// What replicas report to the upstream's background work.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Receives each replica that begins a pause.
    pub(crate) paused: mpsc::UnboundedSender<Arc<Replica>>,
    /// Notified when a connection fails, because the addresses may be outdated.
    pub(crate) stale: Notify,
}

type Connecting = Shared<BoxFuture<'static, Result<Connection, Failure>>>;

/// A replica, at one address.
#[derive(Debug)]
pub(crate) struct Replica {
    address: SocketAddr,
    connector: Arc<Connector>,
    signals: Arc<Signals>,
    in_flight: AtomicUsize,
    retired: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    link: Link,
    pause: Pause,
}

#[derive(Debug, Default)]
enum Link {
    #[default]
    Down,
    /// All calls wait for the same connection attempt, and fail with it.
    Connecting(Connecting),
    Up(Connection),
}

impl Replica {
    pub(crate) fn new(address: SocketAddr, connector: Arc<Connector>, signals: Arc<Signals>) -> Self {
        let (in_flight, retired) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { address, connector, signals, in_flight, retired, state: Mutex::default() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Returns when the replica's pause ends; `None` if it is not paused.
    pub(crate) fn paused_until(&self) -> Option<Instant> {
        self.state().pause.until()
    }

    /// Notes that the name no longer has this address. Open calls end by themselves.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Counts a call until the returned value is dropped.
    pub(crate) fn begin_call(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Returns the open connection, or connects.
    pub(crate) async fn connection(self: &Arc<Self>) -> Result<Connection, Failure> {
        let connecting = {
            let mut state = self.state();
            match &state.link {
                Link::Up(connection) if !connection.is_closed() => return Ok(connection.clone()),
                Link::Connecting(connecting) => connecting.clone(),
                Link::Up(_) | Link::Down => {
                    let connecting = self.connect();
                    state.link = Link::Connecting(connecting.clone());
                    connecting
                }
            }
        };
        let connected = connecting.clone().await;
        self.note_connected(&connecting, &connected);
        connected
    }

    fn connect(&self) -> Connecting {
        let (connector, address) = (Arc::clone(&self.connector), self.address);
        let connect = async move { connector.connect(address).await.map_err(|error| Failure::Unreachable(error.to_string())) };
        connect.boxed().shared()
    }

    /// Notes the result of a connection attempt. Only the first waiting call changes the state.
    fn note_connected(self: &Arc<Self>, connecting: &Connecting, connected: &Result<Connection, Failure>) {
        let mut state = self.state();
        if !matches!(&state.link, Link::Connecting(current) if current.ptr_eq(connecting)) {
            return;
        }
        match connected {
            Ok(connection) => {
                state.link = Link::Up(connection.clone());
                state.pause.connected();
            }
            Err(_unreachable) => {
                state.link = Link::Down;
                self.pause(state);
            }
        }
    }

    /// Notes how a call on `connection` failed.
    pub(crate) fn failed(self: &Arc<Self>, connection: &Connection, failure: &Failure) {
        let mut state = self.state();
        let is_current = matches!(&state.link, Link::Up(current) if current.is(connection));
        match failure {
            // The next call replaces the connection. Only the first call that notices the loss reports it.
            Failure::Lost(_) | Failure::Closed(_) if is_current => {
                state.link = Link::Down;
                self.pause(state);
            }
            // A replica that shuts down in order has not failed. The next connection attempt tells whether it is gone.
            Failure::NotTaken(_) if is_current => state.link = Link::Down,
            Failure::Lost(_) | Failure::Closed(_) | Failure::NotTaken(_) | Failure::Unreachable(_) | Failure::Reset(_) => {}
        }
    }

    /// Notes that a call was answered.
    pub(crate) fn answered(&self) {
        self.state().pause.answered();
    }

    fn pause(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let begins = state.pause.failed(Instant::now());
        drop(state);
        self.signals.stale.notify_one();
        if begins {
            // Fails only when the upstream has been dropped.
            let _ = self.signals.paused.send(Arc::clone(self));
        }
    }

    /// Connects after each pause until it succeeds, so that no call has to find out whether the replica is back.
    pub(crate) async fn reconnect(self: Arc<Self>) {
        while let Some(until) = self.paused_until() {
            tokio::time::sleep_until(until).await;
            if self.retired.load(Ordering::Relaxed) {
                return;
            }
            let _ = self.connection().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call on a replica.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Replica>);

impl InFlight {
    pub(crate) fn replica(&self) -> &Arc<Replica> {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
