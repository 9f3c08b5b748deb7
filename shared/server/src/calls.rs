//! Counts open calls, so that a drain knows when the last has ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio_util::task::TaskTracker;

/// Holds a token of `calls` until the response, body and trailers included, was handed to the connection.
pub(crate) async fn count(calls: &TaskTracker, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let token = calls.token();
    next(request).await.map(|body| held(body, token))
}

/// A body that holds something until its end.
pub(crate) fn held(body: Body, something: impl Send + Unpin + 'static) -> Body {
    Body::new(Held { body, _something: something })
}

struct Held<T> {
    body: Body,
    _something: T,
}

impl<T: Unpin> http_body::Body for Held<T> {
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
