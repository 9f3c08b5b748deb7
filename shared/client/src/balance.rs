//! Chooses the replica for a call.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use crate::connection::Connector;
use crate::replica::{InFlight, News, Replica};

type Replicas = Arc<[Arc<Replica>]>;

/// The replicas of a service: those at its name's last known addresses.
#[derive(Debug)]
pub(crate) struct Balancer {
    connector: Arc<Connector>,
    news: Arc<News>,
    /// Nothing until the name has been looked up once.
    replicas: watch::Sender<Option<Replicas>>,
}

impl Balancer {
    pub(crate) fn new(connector: Arc<Connector>, news: Arc<News>) -> Self {
        Self { connector, news, replicas: watch::Sender::new(None) }
    }

    /// Takes the addresses that the name has now. Replicas that stay keep their connections; those that left lose no call.
    pub(crate) fn update(&self, addresses: &[SocketAddr]) {
        let old = self.replicas.borrow().clone().unwrap_or_default();
        let mut new: Vec<Arc<Replica>> = Vec::new();
        for address in addresses {
            if new.iter().any(|replica| replica.address() == *address) {
                continue;
            }
            let known = old.iter().find(|replica| replica.address() == *address).cloned();
            let replica = known.unwrap_or_else(|| {
                let (connector, news) = (Arc::clone(&self.connector), Arc::clone(&self.news));
                Arc::new(Replica::new(*address, connector, news))
            });
            new.push(replica);
        }
        let left = old.iter().filter(|replica| !addresses.contains(&replica.address()));
        left.for_each(|replica| replica.retire());
        self.replicas.send_replace(Some(new.into()));
    }

    /// The name cannot be looked up: what was known stays; calls that wait for the first answer need not any more.
    pub(crate) fn keep(&self) {
        self.replicas.send_if_modified(|replicas| {
            let is_first = replicas.is_none();
            replicas.get_or_insert_default();
            is_first
        });
    }

    /// A replica for an attempt, if there is any: preferably not one that was tried.
    pub(crate) async fn pick(&self, tried: &[SocketAddr]) -> Option<InFlight> {
        let replicas = self.replicas().await;
        let picked = choose(&replicas, tried).map(Replica::enter);
        if picked.is_none() {
            self.news.stale.notify_one();
        }
        picked
    }

    /// Whether some replica is thought to be able to answer.
    pub(crate) fn any_awake(&self) -> bool {
        let replicas = self.replicas.borrow();
        replicas.iter().flat_map(|replicas| replicas.iter()).any(|replica| replica.resting_until().is_none())
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

/// Of two awake ones the less busy; without any the one whose rest is over first.
fn choose<'a>(replicas: &'a [Arc<Replica>], tried: &[SocketAddr]) -> Option<&'a Arc<Replica>> {
    let was_tried = |replica: &Replica| tried.contains(&replica.address());
    let mut awake = Vec::with_capacity(replicas.len());
    let mut resting = Vec::new();
    for replica in replicas {
        match replica.resting_until() {
            None => awake.push(replica),
            Some(until) => resting.push((was_tried(replica), until, replica)),
        }
    }
    if awake.iter().any(|replica| !was_tried(replica)) {
        awake.retain(|replica| !was_tried(replica));
    }
    let due_first = || resting.into_iter().min_by_key(|(was_tried, until, _)| (*was_tried, *until));
    less_busy_of_two(&awake).or_else(|| due_first().map(|(.., replica)| replica))
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
