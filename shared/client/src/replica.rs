//! One replica of a service: its connections and its state of health.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backoff::Pause;
use crate::breaker::Breaker;
use crate::connection::{Connection, Connector, Failure, Seat};
use crate::health::{self, Health};
use crate::methods::Shape;
use crate::pool::{Connecting, Place, Pool};

/// What replicas report to the upstream's background work.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Receives each replica that begins a pause.
    pub(crate) paused: mpsc::UnboundedSender<Arc<Replica>>,
    /// Notified when a connection fails, because the addresses may be outdated.
    pub(crate) stale: Notify,
}

/// A replica, at one address.
#[derive(Debug)]
pub(crate) struct Replica {
    address: SocketAddr,
    connector: Arc<Connector>,
    signals: Arc<Signals>,
    /// The number of open calls.
    pub(crate) in_flight: AtomicUsize,
    retired: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: Pool,
    /// Apart from calls, so that streams, which last, do not make calls wait.
    streams: Pool,
    pause: Pause,
    breaker: Breaker,
}

impl State {
    fn pool(&mut self, shape: Shape) -> &mut Pool {
        match shape {
            Shape::Unary => &mut self.calls,
            Shape::ServerStream | Shape::ClientStream => &mut self.streams,
        }
    }

    fn remove(&mut self, seat: &Seat) -> bool {
        self.calls.remove(seat) || self.streams.remove(seat)
    }
}

/// The state of health of a replica, which decides whether the client calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Ready,
    /// Its connection failed. It is called until then only if no other replica is ready.
    Paused(Instant),
    /// Its circuit breaker is open, for as long as this at least.
    Open(Duration),
}

impl Replica {
    pub(crate) fn new(address: SocketAddr, connector: Arc<Connector>, signals: Arc<Signals>) -> Self {
        let (in_flight, retired) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { address, connector, signals, in_flight, retired, state: Mutex::default() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn standing(&self, now: Instant) -> Standing {
        let state = self.state();
        match (state.breaker.wait(now), state.pause.until()) {
            (Duration::ZERO, None) => Standing::Ready,
            (Duration::ZERO, Some(until)) => Standing::Paused(until),
            (wait, _) => Standing::Open(wait),
        }
    }

    /// Notes that the name no longer has this address. Open calls end by themselves.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Admits an attempt unless the circuit breaker is open. The caller passes the returned value to [`Self::ended`].
    pub(crate) fn admit(&self, now: Instant) -> Result<u64, Duration> {
        self.state().breaker.admit(now)
    }

    /// Notes what an attempt has told.
    pub(crate) fn ended(&self, epoch: u64, health: Health) {
        let opens = self.state().breaker.record(epoch, health, Instant::now());
        self.tell(opens);
    }

    /// Returns a place on an open connection, or connects.
    pub(crate) async fn seat(self: &Arc<Self>, shape: Shape) -> Result<Seat, Failure> {
        loop {
            let connecting = match self.state().pool(shape).take(|| self.connect()) {
                Place::Taken(seat) => return Ok(seat),
                Place::Full => return Err(Failure::Full),
                Place::Wait(connecting) => connecting,
            };
            let connected = connecting.clone().await;
            self.note_connected(shape, &connecting, &connected);
            // Others may have taken all seats in the meantime.
            if let Some(seat) = connected?.seat() {
                return Ok(seat);
            }
        }
    }

    /// Connects in a task of its own, which goes on although the callers that wait for it give up.
    fn connect(&self) -> Connecting {
        let (connector, address) = (Arc::clone(&self.connector), self.address);
        let mut task = JoinSet::new();
        task.spawn(async move { connector.connect(address).await });
        let connected = async move {
            match task.join_next().await {
                Some(Ok(connected)) => connected.map_err(|error| Failure::Unreachable(error.to_string())),
                Some(Err(_)) | None => Err(Failure::Unreachable("the attempt to connect panicked".to_owned())),
            }
        };
        connected.boxed().shared()
    }

    /// Notes the result of a connection attempt. Only the first waiting call changes the state.
    fn note_connected(self: &Arc<Self>, shape: Shape, connecting: &Connecting, connected: &Result<Connection, Failure>) {
        let mut state = self.state();
        if !state.pool(shape).connected(connecting, connected) {
            return;
        }
        match connected {
            Ok(_connection) => state.pause.connected(),
            Err(_unreachable) => self.pause(state),
        }
    }

    /// Notes how a call failed, and returns what that tells. A connection that is lost counts once, however many calls were open on it.
    pub(crate) fn failed(self: &Arc<Self>, seat: &Seat, failure: &Failure) -> Health {
        match failure {
            // The next call replaces the connection.
            Failure::Lost(_) | Failure::Closed(_) => {
                let mut state = self.state();
                if state.remove(seat) {
                    self.pause(state);
                }
                Health::Unknown
            }
            // A replica that shuts down in order has not failed. The next connection attempt tells whether it is gone.
            Failure::NotTaken(_) | Failure::Calmed(_) => {
                self.state().remove(seat);
                health::of_failure(failure)
            }
            _ => health::of_failure(failure),
        }
    }

    /// Notes that a call was answered.
    pub(crate) fn answered(&self) {
        self.state().pause.answered();
    }

    fn pause(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let now = Instant::now();
        let begins = state.pause.failed(now);
        let opens = state.breaker.disconnected(now);
        drop(state);
        self.tell(opens);
        self.signals.stale.notify_one();
        if begins {
            // Fails only when the upstream has been dropped.
            let _ = self.signals.paused.send(Arc::clone(self));
        }
    }

    /// Connects after each pause until it succeeds, so that no call has to find out whether the replica is back.
    pub(crate) async fn reconnect(self: Arc<Self>) {
        loop {
            let Some(until) = self.state().pause.until() else { return };
            tokio::time::sleep_until(until).await;
            if self.retired.load(Ordering::Relaxed) {
                return;
            }
            // A connection of the other kind may be open still.
            if !matches!(self.seat(Shape::Unary).await, Err(Failure::Unreachable(_))) {
                self.state().pause.connected();
            }
        }
    }

    /// Closes connections that no call has needed for a while.
    pub(crate) fn close_idle(&self, now: Instant) {
        let mut state = self.state();
        state.calls.close_idle(now);
        state.streams.close_idle(now);
    }

    fn tell(&self, opens: bool) {
        if opens {
            tracing::warn!(address = %self.address, "most calls on a replica fail: its circuit breaker opens");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
