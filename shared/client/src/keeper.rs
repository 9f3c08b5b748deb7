//! What an upstream does while nobody calls: it looks its name up, and tries replicas that rest.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::balance::Balancer;
use crate::replica::{News, Replica};
use crate::resolve::Resolve;

/// How old addresses may be.
const REFRESH: Duration = Duration::from_secs(5);
/// How old they must be to be looked up again because a connection failed.
const FRESH: Duration = Duration::from_millis(500);
/// Longest that a look-up may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A name, and where its addresses go.
pub(crate) struct Keeper {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) balancer: Arc<Balancer>,
    pub(crate) news: Arc<News>,
}

impl Keeper {
    /// Never ends by itself.
    pub(crate) async fn run(self, mut rested: mpsc::UnboundedReceiver<Arc<Replica>>) {
        let mut revivals = JoinSet::new();
        let mut resolving = std::pin::pin!(self.keep_resolving());
        loop {
            tokio::select! {
                () = &mut resolving => {}
                Some(replica) = rested.recv() => { revivals.spawn(replica.revive()); }
                Some(_revived) = revivals.join_next() => {}
            }
        }
    }

    async fn keep_resolving(&self) {
        let mut known: Vec<SocketAddr> = Vec::new();
        loop {
            let looked_up = Instant::now();
            match self.look_up().await {
                Ok(addresses) if addresses != known => {
                    tracing::debug!(host = self.host, ?addresses, "the replicas");
                    self.balancer.update(&addresses);
                    known = addresses;
                }
                Ok(_unchanged) => {}
                Err(error) => {
                    tracing::warn!(host = self.host, %error, "the name is not resolved");
                    self.balancer.keep();
                }
            }
            tokio::select! {
                () = sleep(REFRESH) => {}
                () = self.news.stale.notified() => sleep_until(looked_up + FRESH).await,
            }
        }
    }

    /// The addresses in order, and at least one: a name without any is taken for a resolver in trouble.
    async fn look_up(&self) -> std::io::Result<Vec<SocketAddr>> {
        let mut addresses = match timeout(PATIENCE, self.resolver.resolve(&self.host, self.port)).await {
            Ok(resolved) => resolved?,
            Err(_late) => return Err(std::io::ErrorKind::TimedOut.into()),
        };
        if addresses.is_empty() {
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "it has no addresses"));
        }
        addresses.sort_unstable();
        Ok(addresses)
    }
}
