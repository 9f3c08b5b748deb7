//! Chooses the replica for an attempt.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use crate::connection::Connector;
use crate::replica::{InFlight, Replica, Signals};

type Replicas = Arc<[Arc<Replica>]>;

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

    /// Picks a replica for an attempt, preferably one that is not in `tried`; `None` if there are no replicas.
    pub(crate) async fn pick(&self, tried: &[SocketAddr]) -> Option<InFlight> {
        let replicas = self.replicas().await;
        let picked = choose(&replicas, tried).map(Replica::begin_call);
        if picked.is_none() {
            self.signals.stale.notify_one();
        }
        picked
    }

    /// Returns whether any replica is not paused.
    pub(crate) fn any_available(&self) -> bool {
        let replicas = self.replicas.borrow();
        replicas.iter().flat_map(|replicas| replicas.iter()).any(|replica| replica.paused_until().is_none())
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

/// Picks the less busy of two random available replicas, or else the paused one that is due first.
fn choose<'a>(replicas: &'a [Arc<Replica>], tried: &[SocketAddr]) -> Option<&'a Arc<Replica>> {
    let was_tried = |replica: &Replica| tried.contains(&replica.address());
    let mut available = Vec::with_capacity(replicas.len());
    let mut paused = Vec::new();
    for replica in replicas {
        match replica.paused_until() {
            None => available.push(replica),
            Some(until) => paused.push((was_tried(replica), until, replica)),
        }
    }
    if available.iter().any(|replica| !was_tried(replica)) {
        available.retain(|replica| !was_tried(replica));
    }
    let due_first = || paused.into_iter().min_by_key(|(was_tried, until, _)| (*was_tried, *until));
    less_busy_of_two(&available).or_else(|| due_first().map(|(.., replica)| replica))
}

fn less_busy_of_two<'a>(replicas: &[&'a Arc<Replica>]) -> Option<&'a Arc<Replica>> {
    match replicas {
        [] => None,
        [only] => Some(only),
        _ => {
            let first = fastrand::usize(..replicas.len());
            let second = (first + fastrand::usize(1..replicas.len())) % replicas.len();
            [replicas[first], replicas[second]].into_iter().min_by_key(|replica| replica.in_flight())
        }
    }
}
