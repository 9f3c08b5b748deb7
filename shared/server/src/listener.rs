//! Accepts connections and serves HTTP on them.
//!
//! Replaces tonic's server, which ends when the process runs out of file descriptors, waits for silent connections forever, and waits
//! for idle ones when it drains.

mod call;
mod connection;
mod http1;
mod http2;
mod peers;
mod preface;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use orchard_tls::ListenerTls;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::limits::LimitOptions;
use connection::Protocol;
pub(crate) use connection::Versions;
pub(crate) use peers::Peer;
use peers::Peers;

/// The pause of a process that is out of file descriptors: no event tells when some are free again.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// A port, and the protocol of its connections.
pub(crate) struct Listener {
    tcp: TcpListener,
    protocol: Arc<Protocol>,
    peers: Peers,
}

impl Listener {
    pub(crate) fn new(tcp: TcpListener, tls: Option<ListenerTls>, limits: &LimitOptions, versions: Versions) -> Self {
        let most = usize::try_from(limits.max_connections).unwrap_or(usize::MAX);
        Self { tcp, protocol: Arc::new(Protocol::new(tls, limits, versions)), peers: Peers::new(most, limits.address_share) }
    }

    /// Serves `router` until `stop`, then until each connection has ended after its last call. Dropping the future cuts all connections.
    pub(crate) async fn serve(mut self, router: axum::Router, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = connections.join_next_with_id() => {
                    self.peers.ended(ended.map_or_else(|cut| cut.id(), |(id, ())| id));
                    continue;
                }
                accepted = self.tcp.accept() => accepted,
            };
            match accepted {
                Ok((tcp, from)) => {
                    // Without room, the new connection is closed.
                    if let Some(peer) = self.peers.admit(from.ip()) {
                        let serving = Arc::clone(&self.protocol).serve(tcp, router.clone(), Arc::clone(&peer), stop.clone());
                        self.peers.opened(peer, connections.spawn(serving));
                    }
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    self.peers.close_one(None);
                    tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
                }
            }
        }
        drop(self.tcp);
        while connections.join_next().await.is_some() {}
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, TimedOut};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | TimedOut)
}
