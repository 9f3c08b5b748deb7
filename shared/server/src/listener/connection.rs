//! Serves one connection.

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
use super::silent::Eviction;
use crate::limits::LimitOptions;

/// The number of streams reset before they were accepted at which a connection counts as an attack and is closed. With h2's default of
/// 20, a few dozen callers who hang up would close a front door's connection for all others.
const MAX_RESETS: usize = 1_000;
/// The number of calls open on one connection. A client waits, or opens another connection.
const MAX_CALLS: u32 = 256;
/// Room for two tokens of the greatest length and other headers.
const MAX_HEADER_BYTES: u32 = 32 * 1024;
/// Room for the head of an HTTP/1.1 request.
const MAX_REQUEST_BYTES: usize = 16 * 1024;
/// How much a call may write before its client reads it.
const MAX_UNSENT_BYTES: usize = 64 * 1024;

/// The versions of HTTP that a port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// HTTP/2 only, for gRPC.
    Http2,
    /// Also HTTP/1.1, with one request per connection.
    Any,
}

/// The protocol of a port's connections.
pub(super) struct Protocol {
    http: http2::Builder<TokioExecutor>,
    versions: Versions,
    tls: Option<ListenerTls>,
    handshake_limit: Duration,
}

impl Protocol {
    pub(super) fn new(tls: Option<ListenerTls>, limits: &LimitOptions, versions: Versions) -> Self {
        let mut http = http2::Builder::new(TokioExecutor::new());
        // Closes connections whose peer is gone, and those whose peer sends a header byte by byte: neither answers pings.
        http.timer(TokioTimer::new()).keep_alive_interval(limits.keep_alive).keep_alive_timeout(limits.keep_alive);
        http.max_concurrent_streams(MAX_CALLS).max_pending_accept_reset_streams(MAX_RESETS);
        http.max_header_list_size(MAX_HEADER_BYTES).max_send_buf_size(MAX_UNSENT_BYTES).auto_date_header(false);
        Self { http, versions, tls, handshake_limit: limits.handshake_limit }
    }

    /// Serves a connection to its end. After `stop` it takes no more calls and ends after the last one.
    pub(super) async fn serve(
        self: Arc<Self>,
        tcp: TcpStream,
        router: axum::Router,
        eviction: Eviction,
        stop: CancellationToken,
    ) {
        // Answers are small: Nagle's algorithm would only delay them.
        let _ = tcp.set_nodelay(true);
        let begun = tokio::select! {
            begun = timeout(self.handshake_limit, self.begin(tcp)) => begun.unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into())),
            _ = eviction => return,
            () = stop.cancelled() => return,
        };
        match begun {
            Ok(io) if io.is_http2() => self.serve_http2(io, router, stop).await,
            Ok(io) => self.serve_http1(io, router).await,
            Err(error) => tracing::debug!(%error, "handshake failed"),
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

    /// Serves one HTTP/1.1 request, which has as long as a handshake, including its answer: such requests are rare.
    async fn serve_http1(&self, io: impl AsyncRead + AsyncWrite + Unpin, router: axum::Router) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.handshake_limit).keep_alive(false).max_buf_size(MAX_REQUEST_BYTES);
        let connection = http.serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
        if let Ok(Err(error)) = timeout(self.handshake_limit, connection).await {
            tracing::debug!(%error, "connection ended");
        }
    }

    async fn serve_http2(&self, io: impl AsyncRead + AsyncWrite + Unpin, router: axum::Router, stop: CancellationToken) {
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
            tracing::debug!(%error, "connection ended");
        }
    }
}
