//! Serves HTTP/2 with h2 itself. hyper hands an answer to h2 and forgets it, so that it cannot reset one that its caller does not read, and
//! lets h2 keep any number of them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use h2::server::{Builder, Connection};
use h2::{Ping, PingPong};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::consume_budget;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::{Service, serve_call};
use super::peers::Peer;
use crate::framing::MAX_HEADER_BYTES;

/// The number of streams reset before they were accepted at which a connection counts as an attack and is closed. With h2's default of
/// 20, a few dozen callers who hang up would close a front door's connection for all others.
const MAX_RESETS: usize = 1_000;
/// The number of calls open on one connection. A client waits, or opens another connection.
const MAX_CALLS: u32 = 256;
/// How much a call may write before the connection takes it.
const MAX_UNSENT_BYTES: usize = 16 * 1024;
/// How much of a request, and of all requests of a connection, may arrive before it is read.
const WINDOW_BYTES: u32 = 1024 * 1024;

/// HTTP/2 as a port speaks it.
pub(super) struct Http2 {
    builder: Builder,
    keep_alive: Duration,
    calls: TaskTracker,
}

impl Http2 {
    pub(super) fn new(keep_alive: Duration) -> Self {
        let mut builder = Builder::new();
        builder.initial_window_size(WINDOW_BYTES).initial_connection_window_size(WINDOW_BYTES);
        builder.max_concurrent_streams(MAX_CALLS).max_pending_accept_reset_streams(MAX_RESETS);
        // Twice what a call may have: what is less than that is refused with a status, the rest by h2.
        builder
            .max_header_list_size(u32::try_from(2 * MAX_HEADER_BYTES).unwrap_or(u32::MAX))
            .max_send_buffer_size(MAX_UNSENT_BYTES);
        Self { builder, keep_alive, calls: TaskTracker::new() }
    }

    /// Serves a connection to its end. After `stop` it takes no more calls and ends after the last one.
    pub(super) async fn serve(
        &self,
        io: impl AsyncRead + AsyncWrite + Unpin,
        service: Service,
        peer: Arc<Peer>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut connection: Connection<_, Bytes> = self.builder.handshake(io).await?;
        let mut alive = KeepAlive { pings: connection.ping_pong(), is_unanswered: false, heard: false };
        let mut ticks = interval_at(Instant::now() + self.keep_alive, self.keep_alive);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                accepted = connection.accept() => {
                    let Some(call) = accepted else { return Ok(()) };
                    let (request, respond) = call?;
                    alive.heard = true;
                    self.calls.spawn(serve_call(service.clone(), Arc::clone(&peer), request, respond, stop.clone()));
                    // Hundreds of calls may have been read at once: other connections have their turn between them.
                    consume_budget().await;
                }
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.graceful_shutdown();
                }
                _ = ticks.tick() => alive.tick()?,
                () = alive.answered() => {}
            }
        }
    }
}

/// Finds out that the peer is gone, or sends a header byte by byte: in neither case it answers pings.
struct KeepAlive {
    pings: Option<PingPong>,
    is_unanswered: bool,
    /// Whether a call has begun since the last tick.
    heard: bool,
}

impl KeepAlive {
    /// Pings a peer that has been silent since the last tick. Fails if it has not answered the last ping.
    fn tick(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.is_unanswered, "the peer does not answer pings");
        if !std::mem::take(&mut self.heard)
            && let Some(pings) = &mut self.pings
        {
            pings.send_ping(Ping::opaque())?;
            self.is_unanswered = true;
        }
        Ok(())
    }

    /// Waits for the answer to a ping.
    async fn answered(&mut self) {
        match &mut self.pings {
            Some(pings) if self.is_unanswered => {
                // An error ends the connection itself.
                let _ = std::future::poll_fn(|context| pings.poll_pong(context)).await;
                self.is_unanswered = false;
            }
            Some(_) | None => std::future::pending().await,
        }
    }
}
