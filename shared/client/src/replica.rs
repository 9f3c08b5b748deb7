//! One replica of a service: its connection, its calls, whether it rests.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::connection::{Connection, Connector, Failure};
use crate::rest::Rest;

/// What replicas tell the upstream's keeper.
#[derive(Debug)]
pub(crate) struct News {
    /// Replicas whose rest begins.
    pub(crate) rested: mpsc::UnboundedSender<Arc<Replica>>,
    /// A connection failed, so the addresses may be old.
    pub(crate) stale: Notify,
}

type Attempt = Shared<BoxFuture<'static, Result<Connection, Failure>>>;

/// A replica, at one address.
#[derive(Debug)]
pub(crate) struct Replica {
    address: SocketAddr,
    connector: Arc<Connector>,
    news: Arc<News>,
    in_flight: AtomicUsize,
    retired: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    link: Link,
    rest: Rest,
}

#[derive(Debug, Default)]
enum Link {
    #[default]
    Down,
    /// All calls wait for the same attempt, and fail with it.
    Connecting(Attempt),
    Up(Connection),
}

impl Replica {
    pub(crate) fn new(address: SocketAddr, connector: Arc<Connector>, news: Arc<News>) -> Self {
        let (in_flight, retired) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { address, connector, news, in_flight, retired, state: Mutex::default() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Until when it rests; `None` while it is awake.
    pub(crate) fn resting_until(&self) -> Option<Instant> {
        self.state().rest.until()
    }

    /// Its address has left the name. The calls on it end by themselves.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Counts a call, until what it gives is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// The open connection, or a new one.
    pub(crate) async fn connection(self: &Arc<Self>) -> Result<Connection, Failure> {
        let attempt = {
            let mut state = self.state();
            match &state.link {
                Link::Up(connection) if !connection.is_closed() => return Ok(connection.clone()),
                Link::Connecting(attempt) => attempt.clone(),
                Link::Up(_) | Link::Down => {
                    let attempt = self.attempt();
                    state.link = Link::Connecting(attempt.clone());
                    attempt
                }
            }
        };
        let connected = attempt.clone().await;
        self.conclude(&attempt, &connected);
        connected
    }

    fn attempt(&self) -> Attempt {
        let (connector, address) = (Arc::clone(&self.connector), self.address);
        let connect = async move { connector.connect(address).await.map_err(|error| Failure::Unreachable(error.to_string())) };
        connect.boxed().shared()
    }

    /// The first to see how an attempt ended notes it.
    fn conclude(self: &Arc<Self>, attempt: &Attempt, connected: &Result<Connection, Failure>) {
        let mut state = self.state();
        if !matches!(&state.link, Link::Connecting(current) if current.ptr_eq(attempt)) {
            return;
        }
        match connected {
            Ok(connection) => {
                state.link = Link::Up(connection.clone());
                state.rest.connected();
            }
            Err(_unreachable) => {
                state.link = Link::Down;
                self.rest(state);
            }
        }
    }

    /// Notes how a call on `connection` failed.
    pub(crate) fn failed(self: &Arc<Self>, connection: &Connection, failure: &Failure) {
        let mut state = self.state();
        let is_current = matches!(&state.link, Link::Up(current) if current.is(connection));
        match failure {
            // It is replaced by the next call, and the first to notice notes it.
            Failure::Lost(_) | Failure::Closed(_) if is_current => {
                state.link = Link::Down;
                self.rest(state);
            }
            // A replica that stops in order has not failed; whether it can be connected to again is seen then.
            Failure::NotTaken(_) if is_current => state.link = Link::Down,
            Failure::Lost(_) | Failure::Closed(_) | Failure::NotTaken(_) | Failure::Unreachable(_) | Failure::Reset(_) => {}
        }
    }

    /// Notes that it has answered.
    pub(crate) fn answered(&self) {
        self.state().rest.answered();
    }

    fn rest(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let begins = state.rest.failed(Instant::now());
        drop(state);
        self.news.stale.notify_one();
        if begins {
            // Nobody is there to be told once the upstream is gone.
            let _ = self.news.rested.send(Arc::clone(self));
        }
    }

    /// Connects when the rest is over, and again until that succeeds: no caller has to find out.
    pub(crate) async fn revive(self: Arc<Self>) {
        while let Some(until) = self.resting_until() {
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
