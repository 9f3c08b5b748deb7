//! Chooses the replica for an attempt.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::attempt::{Attempt, InFlight, begin};
use crate::connection::Connector;
use crate::replica::{Replica, Signals, Standing};

type Replicas = Arc<[Arc<Replica>]>;

/// Why there is no replica to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoReplica {
    /// No address is known.
    Unknown,
    /// The circuit breakers of all replicas are open, for as long as this at least.
    Open(Duration),
}

/// The replicas of a service, one for each address that its name resolved to last.
#[derive(Debug)]
pub(crate) struct Balancer {
    connector: Arc<Connector>,
    signals: Arc<Signals>,
    /// `None` until the name has been resolved once.
    replicas: watch::Sender<Option<Replicas>>,
}

impl Balancer {
    pub(crate) fn new(connector: Arc<Connector>, signals: Arc<Signals>) -> Self {
        Self { connector, signals, replicas: watch::Sender::new(None) }
    }

    /// Takes the name's current addresses. Replicas that stay keep their connections; calls on the others go on.
    pub(crate) fn update(&self, addresses: &[SocketAddr]) {
        let old = self.replicas.borrow().clone().unwrap_or_default();
        let mut new: Vec<Arc<Replica>> = Vec::new();
        for address in addresses {
            if new.iter().any(|replica| replica.address() == *address) {
                continue;
            }
            let known = old.iter().find(|replica| replica.address() == *address).cloned();
            let replica = known.unwrap_or_else(|| {
                let (connector, signals) = (Arc::clone(&self.connector), Arc::clone(&self.signals));
                Arc::new(Replica::new(*address, connector, signals))
            });
            new.push(replica);
        }
        let left = old.iter().filter(|replica| !addresses.contains(&replica.address()));
        left.for_each(|replica| replica.retire());
        self.replicas.send_replace(Some(new.into()));
    }

    /// Keeps the known replicas. Calls that wait for the first resolution stop waiting.
    pub(crate) fn resolution_failed(&self) {
        self.replicas.send_if_modified(|replicas| {
            let is_first = replicas.is_none();
            replicas.get_or_insert_default();
            is_first
        });
    }

    /// Picks a replica for an attempt, preferably one that is not in `tried`.
    pub(crate) async fn pick(&self, tried: &[SocketAddr]) -> Result<(InFlight, Attempt), NoReplica> {
        let replicas = self.replicas().await;
        loop {
            let now = Instant::now();
            let chosen = choose(&replicas, tried, now).inspect_err(|_| self.signals.stale.notify_one())?;
            // Fails if another call has become the probe of an open circuit breaker in the meantime.
            if let Ok(begun) = begin(chosen, now) {
                return Ok(begun);
            }
        }
    }

    /// Closes connections that no call has needed for a while.
    pub(crate) fn close_idle(&self) {
        let now = Instant::now();
        self.replicas.borrow().iter().flat_map(|replicas| replicas.iter()).for_each(|replica| replica.close_idle(now));
    }

    async fn replicas(&self) -> Replicas {
        if let Some(replicas) = self.replicas.borrow().as_ref() {
            return Arc::clone(replicas);
        }
        let mut changes = self.replicas.subscribe();
        let known = changes.wait_for(Option::is_some).await;
        known.ok().and_then(|known| known.clone()).unwrap_or_default()
    }
}

/// Picks the less busy of two random ready replicas, or else the paused one that is due first.
fn choose<'a>(replicas: &'a [Arc<Replica>], tried: &[SocketAddr], now: Instant) -> Result<&'a Arc<Replica>, NoReplica> {
    let was_tried = |replica: &Replica| tried.contains(&replica.address());
    let mut ready = Vec::with_capacity(replicas.len());
    let (mut paused, mut open) = (Vec::new(), None);
    for replica in replicas {
        match replica.standing(now) {
            Standing::Ready => ready.push(replica),
            Standing::Paused(until) => paused.push((was_tried(replica), until, replica)),
            Standing::Open(wait) => open = Some(open.map_or(wait, |least: Duration| least.min(wait))),
        }
    }
    if ready.iter().any(|replica| !was_tried(replica)) {
        ready.retain(|replica| !was_tried(replica));
    }
    let due_first = || paused.into_iter().min_by_key(|(was_tried, until, _)| (*was_tried, *until));
    let chosen = less_busy_of_two(&ready).or_else(|| due_first().map(|(.., replica)| replica));
    chosen.ok_or(open.map_or(NoReplica::Unknown, NoReplica::Open))
}

fn less_busy_of_two<'a>(replicas: &[&'a Arc<Replica>]) -> Option<&'a Arc<Replica>> {
    match replicas {
        [] => None,
        [only] => Some(only),
        _ => {
            let first = fastrand::usize(..replicas.len());
            let second = (first + fastrand::usize(1..replicas.len())) % replicas.len();
            [replicas[first], replicas[second]].into_iter().min_by_key(|replica| replica.in_flight.load(Ordering::Relaxed))
        }
    }
}
