//! The background work of an upstream: resolves its name, closes what is idle, and reconnects to replicas that failed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use orchard_rpc::supervise;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::balance::Balancer;
use crate::replica::{Replica, Signals};
use crate::resolve::Resolve;

/// The age at which addresses are resolved again.
const REFRESH: Duration = Duration::from_secs(5);
/// The age at which they may be resolved again after a failed connection.
const FRESH: Duration = Duration::from_millis(500);
/// Time limit of a resolution.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);

/// Keeps a balancer's replicas up to date.
pub(crate) struct Background {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) balancer: Arc<Balancer>,
    pub(crate) signals: Arc<Signals>,
}

impl Background {
    /// Runs until dropped.
    pub(crate) async fn run(self, mut paused: mpsc::UnboundedReceiver<Arc<Replica>>) {
        let mut reconnects = JoinSet::new();
        let mut resolving = std::pin::pin!(supervise("resolve", || self.keep_resolving()));
        loop {
            tokio::select! {
                never = &mut resolving => match never {},
                Some(replica) = paused.recv() => { reconnects.spawn(replica.reconnect()); }
                Some(_reconnected) = reconnects.join_next() => {}
            }
        }
    }

    async fn keep_resolving(&self) -> Infallible {
        let mut known: Vec<SocketAddr> = Vec::new();
        loop {
            self.balancer.close_idle();
            let begun = Instant::now();
            match self.resolve().await {
                Ok(addresses) if addresses != known => {
                    tracing::debug!(host = self.host, ?addresses, "the replicas have changed");
                    self.balancer.update(&addresses);
                    known = addresses;
                }
                Ok(_unchanged) => {}
                Err(error) => {
                    tracing::warn!(host = self.host, %error, "cannot resolve the name; keeping the known replicas");
                    self.balancer.resolution_failed();
                }
            }
            tokio::select! {
                () = sleep(REFRESH) => {}
                () = self.signals.stale.notified() => sleep_until(begun + FRESH).await,
            }
        }
    }

    /// Resolves the name to sorted addresses, at least one: a name without any is taken for a fault of the resolver.
    async fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        let mut addresses = match timeout(RESOLVE_LIMIT, self.resolver.resolve(&self.host, self.port)).await {
            Ok(resolved) => resolved?,
            Err(_late) => return Err(std::io::ErrorKind::TimedOut.into()),
        };
        if addresses.is_empty() {
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no addresses"));
        }
        addresses.sort_unstable();
        Ok(addresses)
    }
}
