//! Response streams, which outlive the handlers that return them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use http_body::Frame;
use orchard_rpc::status::trailers;
use orchard_rpc::{Deadline, Refusal};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::errors::{late, stopping};

/// A response stream that ends with a status at its deadline, and when the service stops.
pub(crate) struct Stream {
    body: Option<Body>,
    deadline: Deadline,
    late: Pin<Box<Sleep>>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    domain: Arc<str>,
}

impl Stream {
    pub(crate) fn new(body: Body, deadline: Deadline, stop: CancellationToken, domain: Arc<str>) -> Self {
        let late = Box::pin(tokio::time::sleep_until(deadline.instant()));
        Self { body: Some(body), deadline, late, stop: Box::pin(stop.cancelled_owned()), domain }
    }

    fn end(&mut self, refusal: Refusal) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.body = None;
        Poll::Ready(Some(Ok(Frame::trailers(trailers(&refusal.into_status(&self.domain))))))
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        use std::future::Future as _;

        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        // Checked first: a stream that always has a message ready must end as well.
        if this.late.as_mut().poll(context).is_ready() {
            return this.end(late());
        }
        if this.stop.as_mut().poll(context).is_ready() {
            return this.end(stopping());
        }
        let frame = ready!(this.deadline.sync_scope(|| Pin::new(body).poll_frame(context)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }
}
