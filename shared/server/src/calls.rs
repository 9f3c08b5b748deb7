//! Counts open calls, so that a drain knows when the last one has ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio_util::task::TaskTracker;

/// Counts a call in `calls` until its response, body and trailers included, has been handed to the connection.
pub(crate) async fn count(calls: &TaskTracker, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let token = calls.token();
    next(request).await.map(|body| hold(body, token))
}

/// Returns a body that keeps `value` until its end.
pub(crate) fn hold(body: Body, value: impl Send + Unpin + 'static) -> Body {
    Body::new(Holding { body, _value: value })
}

struct Holding<T> {
    body: Body,
    _value: T,
}

impl<T: Unpin> http_body::Body for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
