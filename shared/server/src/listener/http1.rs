//! Serves HTTP/1.1 for browsers: one call after the other on each connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use orchard_rpc::Deadline;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::call::{GRACE, Service};
use super::peers::Peer;
use crate::calls::hold;
use crate::framing::MAX_HEADER_BYTES;

/// HTTP/1.1 as a port for browsers speaks it.
pub(super) struct Http1(Builder);

impl Http1 {
    /// A request's head must arrive within `head_limit`, which begins when the one before has been answered.
    pub(super) fn new(head_limit: Duration) -> Self {
        let mut builder = Builder::new();
        // As for HTTP/2: what is less than twice the limit is refused with a status, the rest by hyper.
        builder.timer(TokioTimer::new()).header_read_timeout(head_limit).max_buf_size(2 * MAX_HEADER_BYTES);
        Self(builder)
    }

    /// Serves a connection to its end. After `stop` it takes no more calls and ends after the open one.
    pub(super) async fn serve(
        &self,
        io: impl AsyncRead + AsyncWrite + Unpin,
        service: Service,
        peer: Arc<Peer>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let (sending, mut sent_until) = watch::channel(None);
        let answer = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Arc::clone(&peer));
            let (answer, sending) = (service.call(request), sending.clone());
            async move {
                let Ok::<_, Infallible>(answer) = answer.await;
                let deadline = answer.extensions().get::<Deadline>().map(|deadline| deadline.instant() + GRACE);
                sending.send_replace(deadline);
                Ok::<_, Infallible>(answer.map(|body| hold(body, Sending(sending))))
            }
        });
        let mut connection = std::pin::pin!(self.0.serve_connection(TokioIo::new(io), answer));
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                ended = &mut connection => return Ok(ended?),
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = overdue(&mut sent_until) => bail!("an answer was not read by its deadline"),
            }
        }
    }
}

/// The body of an answer. hyper asks for no more of it while its caller does not read, so the connection must be watched.
struct Sending(watch::Sender<Option<Instant>>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

/// Waits until an answer should have been sent.
async fn overdue(sent_until: &mut watch::Receiver<Option<Instant>>) {
    loop {
        let until = *sent_until.borrow_and_update();
        let late = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = late => return,
            changed = sent_until.changed() => {
                if changed.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}
