//! Serves one connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use orchard_tls::ListenerTls;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

use super::http1::Http1;
use super::http2::Http2;
use super::peers::Peer;
use super::preface::Prefaced;
use crate::limits::LimitOptions;
use crate::telemetry::lines;

/// Room for the head of an HTTP/1.1 request.
const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// The versions of HTTP that a port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// HTTP/2 only, for gRPC.
    Http2,
    /// Also HTTP/1.1, with one request per connection.
    Any,
    /// Also HTTP/1.1 as browsers speak it.
    Web,
}

/// The protocol of a port's connections.
pub(super) struct Protocol {
    http2: Http2,
    http1: Http1,
    versions: Versions,
    tls: Option<ListenerTls>,
    handshake_limit: Duration,
    keep_alive: Duration,
}

impl Protocol {
    pub(super) fn new(tls: Option<ListenerTls>, limits: &LimitOptions, versions: Versions) -> Self {
        let (http2, http1) = (Http2::new(limits.keep_alive), Http1::new(limits.handshake_limit));
        Self { http2, http1, versions, tls, handshake_limit: limits.handshake_limit, keep_alive: limits.keep_alive }
    }

    /// Serves a connection to its end. After `stop` it takes no more calls and ends after the last one.
    pub(super) async fn serve(self: Arc<Self>, tcp: TcpStream, router: axum::Router, peer: Arc<Peer>, stop: CancellationToken) {
        // Answers are small: Nagle's algorithm would only delay them.
        let _ = tcp.set_nodelay(true);
        if self.versions == Versions::Web {
            watch_over(&tcp, self.keep_alive);
        }
        let begun = tokio::select! {
            begun = timeout(self.handshake_limit, self.begin(tcp)) => begun.unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into())),
            () = stop.cancelled() => return,
        };
        let ended = match begun {
            Ok(io) if io.is_http2() => self.http2.serve(io, TowerToHyperService::new(router), peer, stop).await,
            Ok(io) => match self.versions {
                Versions::Http2 => return report(io.spoken()),
                Versions::Any => return self.serve_one(io, router).await,
                Versions::Web => self.http1.serve(io, TowerToHyperService::new(router), peer, stop).await,
            },
            Err(error) => Err(error.into()),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        }
    }

    async fn begin(&self, tcp: TcpStream) -> io::Result<Prefaced<impl AsyncRead + AsyncWrite + Unpin + Send + use<>>> {
        let io = match &self.tls {
            Some(tls) => {
                let accepted = tls.accept(tcp).await;
                // Balancers find out whether a port is open, and close the connection.
                let spoke = |error: &io::Error| error.kind() == io::ErrorKind::InvalidData;
                Either::Left(accepted.inspect_err(|error| {
                    if spoke(error) {
                        report("no valid TLS on a port with TLS")
                    }
                })?)
            }
            None => Either::Right(tcp),
        };
        Prefaced::read(io).await
    }

    /// Serves one HTTP/1.1 request, which has as long as a handshake, including its answer: such requests are rare.
    async fn serve_one(&self, io: impl AsyncRead + AsyncWrite + Unpin, router: axum::Router) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.handshake_limit).keep_alive(false).max_buf_size(MAX_REQUEST_BYTES);
        let connection = http.serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
        if let Ok(Err(error)) = timeout(self.handshake_limit, connection).await {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// Has the kernel find out that the peer is gone: HTTP/1.1 has no pings, and a stream may have nothing to send for long.
fn watch_over(tcp: &TcpStream, silence: Duration) {
    let set = || {
        sockopt::set_socket_keepalive(tcp, true)?;
        sockopt::set_tcp_keepidle(tcp, silence)?;
        sockopt::set_tcp_keepintvl(tcp, silence)?;
        sockopt::set_tcp_keepcnt(tcp, 1)
    };
    if let Err(error) = set() {
        tracing::debug!(%error, "a connection is not watched over");
    }
}

/// Logs what came instead of gRPC, because the sender only sees that the connection ends.
fn report(spoken: &'static str) {
    if lines::admit(("", spoken)) {
        tracing::warn!(spoken, "a connection is closed");
    }
}
