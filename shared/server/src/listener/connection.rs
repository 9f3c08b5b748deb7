//! One connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use orchard_tls::ListenerTls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

use super::preface::Prefaced;
use super::silent::Ended;
use crate::limits::LimitOptions;

/// Calls that were given up before they were looked at, until a connection counts as an attack and ends. At h2's own 20, a few dozen
/// callers who hang up take an edge's connection away from everybody else.
const MAX_RESETS: usize = 1_000;
/// Calls open on one connection; a client waits, or opens another connection.
const MAX_CALLS: u32 = 256;
/// Room for two tokens of the greatest length, and what comes with them.
const MAX_HEADER_BYTES: u32 = 32 * 1024;
/// Room for the head of a request of HTTP/1.1.
const MAX_REQUEST_BYTES: usize = 16 * 1024;
/// What a call may have written that its client has not taken yet.
const MAX_UNSENT_BYTES: usize = 64 * 1024;

/// Which versions of HTTP a port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// HTTP/2 alone, as gRPC does.
    Http2,
    /// HTTP/1.1 as well, one request on a connection.
    Any,
}

/// What connections may do.
pub(super) struct Protocol {
    http: http2::Builder<TokioExecutor>,
    versions: Versions,
    tls: Option<ListenerTls>,
    handshake_limit: Duration,
}

impl Protocol {
    pub(super) fn new(tls: Option<ListenerTls>, limits: &LimitOptions, versions: Versions) -> Self {
        let mut http = http2::Builder::new(TokioExecutor::new());
        // A peer that is gone without a word, and one that trickles a header, answer no question.
        http.timer(TokioTimer::new()).keep_alive_interval(limits.keep_alive).keep_alive_timeout(limits.keep_alive);
        http.max_concurrent_streams(MAX_CALLS).max_pending_accept_reset_streams(MAX_RESETS);
        http.max_header_list_size(MAX_HEADER_BYTES).max_send_buf_size(MAX_UNSENT_BYTES).auto_date_header(false);
        Self { http, versions, tls, handshake_limit: limits.handshake_limit }
    }

    /// Serves a connection to its end. After `stop` it takes no more calls and ends with the last.
    pub(super) async fn serve(self: Arc<Self>, tcp: TcpStream, router: axum::Router, ended: Ended, stop: CancellationToken) {
        // Answers leave as they are written: they are small, and Nagle's algorithm would wait for more.
        let _ = tcp.set_nodelay(true);
        let begun = tokio::select! {
            begun = timeout(self.handshake_limit, self.begin(tcp)) => begun.unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into())),
            _ = ended => return,
            () = stop.cancelled() => return,
        };
        match begun {
            Ok(io) if io.is_http2() => self.calls(io, router, stop).await,
            Ok(io) => self.request(io, router).await,
            Err(error) => tracing::debug!(%error, "a connection did not begin"),
        }
    }

    async fn begin(&self, tcp: TcpStream) -> io::Result<Prefaced<impl AsyncRead + AsyncWrite + Unpin + use<>>> {
        let io = match &self.tls {
            Some(tls) => Either::Left(tls.accept(tcp).await?),
            None => Either::Right(tcp),
        };
        let io = Prefaced::read(io).await?;
        if io.is_http2() || self.versions == Versions::Any { Ok(io) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// One request of HTTP/1.1, which has as long as a handshake, its answer included: who asks so asks seldom.
    async fn request(&self, io: impl AsyncRead + AsyncWrite + Unpin, router: axum::Router) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.handshake_limit).keep_alive(false).max_buf_size(MAX_REQUEST_BYTES);
        let connection = http.serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
        if let Ok(Err(error)) = timeout(self.handshake_limit, connection).await {
            tracing::debug!(%error, "a connection ended");
        }
    }

    async fn calls(&self, io: impl AsyncRead + AsyncWrite + Unpin, router: axum::Router, stop: CancellationToken) {
        let connection = self.http.serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
        let mut connection = std::pin::pin!(connection);
        let result = tokio::select! {
            result = &mut connection => result,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended");
        }
    }
}
