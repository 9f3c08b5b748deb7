//! Accepts connections and serves HTTP on them.
//!
//! Replaces tonic's server, which ends when the process runs out of file descriptors, waits for silent connections forever, and waits
//! for idle ones when it drains.

mod connection;
mod preface;
mod silent;

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
use silent::SilentConnections;

/// The pause of a process that is out of file descriptors: no event tells when some are free again.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// A port, and the protocol of its connections.
pub(crate) struct Listener {
    tcp: TcpListener,
    protocol: Arc<Protocol>,
    max_connections: usize,
}

impl Listener {
    pub(crate) fn new(tcp: TcpListener, tls: Option<ListenerTls>, limits: &LimitOptions, versions: Versions) -> Self {
        let max_connections = usize::try_from(limits.max_connections).unwrap_or(usize::MAX);
        Self { tcp, protocol: Arc::new(Protocol::new(tls, limits, versions)), max_connections }
    }

    /// Serves `router` until `stop`, then until each connection has ended after its last call. Dropping the future cuts all connections.
    pub(crate) async fn serve(self, router: axum::Router, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        let mut silent = SilentConnections::default();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(_ended) = connections.join_next() => continue,
                accepted = self.tcp.accept() => accepted,
            };
            match accepted {
                Ok((tcp, _peer)) => {
                    // At the limit, a silent connection makes room. If there is none, the new connection is closed.
                    if connections.len() < self.max_connections || silent.evict_oldest() {
                        let protocol = Arc::clone(&self.protocol);
                        connections.spawn(protocol.serve(tcp, router.clone(), silent.add(), stop.clone()));
                    }
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    silent.evict_oldest();
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
