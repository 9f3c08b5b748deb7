//! Answers that no handler gives: after panics and deadlines, at shutdown, and to requests that tonic itself refuses.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::status::{self, trailers};
use orchard_rpc::{Refusal, common};
use tonic::{Code, Status};

use crate::telemetry::lines;

/// Answers INTERNAL for a handler that panics. Other calls on the connection go on.
pub(crate) async fn catch_panics(domain: &Arc<str>, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    match AssertUnwindSafe(next(request)).catch_unwind().await {
        Ok(response) => response.map(|body| Body::new(Caught { body: Some(body), domain: Arc::clone(domain) })),
        Err(panic) => fault(panic, domain).into_http(),
    }
}

/// The panic hook has logged the location. The panic's message is dropped: it may quote the request.
fn fault(_panic: Box<dyn Any + Send>, domain: &str) -> Status {
    if lines::admit(("INTERNAL", "a handler panicked")) {
        tracing::error!("a handler panicked");
    }
    common(ErrorReason::Internal, "internal fault").into_status(domain)
}

pub(crate) fn late() -> Refusal {
    common(ErrorReason::DeadlineExceeded, "the call did not end by its deadline")
}

pub(crate) fn stopping() -> Refusal {
    common(ErrorReason::ShuttingDown, "the service is stopping; call again")
}

/// A body that ends with INTERNAL if producing it panics.
struct Caught {
    body: Option<Body>,
    domain: Arc<str>,
}

impl http_body::Body for Caught {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        match std::panic::catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context))) {
            Ok(frame) => frame,
            Err(panic) => {
                this.body = None;
                Poll::Ready(Some(Ok(Frame::trailers(trailers(&fault(panic, &this.domain))))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(http_body::Body::size_hint).unwrap_or_default()
    }
}

/// Adds a reason to statuses that tonic makes before a handler sees the request.
///
/// Statuses of handlers carry details, tonic's do not. tonic reports a malformed message as INTERNAL, as if the service were at fault.
pub(crate) async fn explain(State(domain): State<Arc<str>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match unexplained(response.headers()) {
        Some(reason) => {
            let message = Status::from_header_map(response.headers()).map(|status| status.message().to_owned());
            common(reason, message.unwrap_or_default()).into_status(&domain).into_http()
        }
        None => response,
    }
}

fn unexplained(headers: &HeaderMap) -> Option<ErrorReason> {
    if headers.contains_key("grpc-status-details-bin") {
        return None;
    }
    match status::code(headers)? {
        Code::OutOfRange => Some(ErrorReason::MessageTooLarge),
        Code::Unimplemented => Some(ErrorReason::EncodingUnsupported),
        Code::Internal => Some(ErrorReason::MessageMalformed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_with_a_status() {
        let domain: Arc<str> = "orchard.test".into();
        let request = http::Request::post("/x").body(Body::empty()).expect("a request");
        let response = catch_panics(&domain, request, async |_| panic!("on purpose")).await;
        assert_eq!(response.status(), http::StatusCode::OK);
        let status = Status::from_header_map(response.headers()).expect("a status");
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal fault"));
    }
}
