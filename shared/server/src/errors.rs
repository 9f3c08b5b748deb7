//! Answers for what handlers cannot answer for: panics, and refusals by the transport itself.

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
use orchard_rpc::{Refusal, common};
use tonic::{Code, Status};

/// Answers INTERNAL for a handler that panicked; its siblings on the connection go on.
pub(crate) async fn catch_panics(domain: &Arc<str>, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    match AssertUnwindSafe(next(request)).catch_unwind().await {
        Ok(response) => response.map(|body| Body::new(Caught { body: Some(body), domain: Arc::clone(domain) })),
        Err(panic) => fault(panic, domain).into_http(),
    }
}

/// Where it was is logged already; what it says may hold anything of the request.
fn fault(_panic: Box<dyn Any + Send>, domain: &str) -> Status {
    tracing::error!("a handler panicked");
    common(ErrorReason::Internal, "internal fault").into_status(domain)
}

pub(crate) fn late() -> Refusal {
    common(ErrorReason::DeadlineExceeded, "the call did not end in its time")
}

pub(crate) fn stopping() -> Refusal {
    common(ErrorReason::ShuttingDown, "the service is stopping; call again")
}

/// A body that ends with INTERNAL when what writes it panics.
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
                Poll::Ready(Some(Ok(trailers(&fault(panic, &this.domain)))))
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

/// A status as the end of a stream.
pub(crate) fn trailers(status: &Status) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    // What cannot be written in a header was made by us; the code can.
    if let Err(unsendable) = status.add_header(&mut trailers) {
        tracing::error!(%unsendable, "a status cannot be sent");
    }
    Frame::trailers(trailers)
}

/// Gives a reason to statuses that tonic made before a handler saw the request.
///
/// tonic calls bytes that are no message INTERNAL, as if they were our fault; every status of ours carries details.
pub(crate) async fn explain(State(domain): State<Arc<str>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match unexplained(response.headers()) {
        Some(reason) => {
            let status = Status::from_header_map(response.headers());
            let message = status.map(|status| status.message().to_owned()).unwrap_or_default();
            common(reason, message).into_status(&domain).into_http()
        }
        None => response,
    }
}

fn unexplained(headers: &HeaderMap) -> Option<ErrorReason> {
    if headers.contains_key("grpc-status-details-bin") {
        return None;
    }
    match Code::from_bytes(headers.get("grpc-status")?.as_bytes()) {
        Code::OutOfRange => Some(ErrorReason::MessageTooLarge),
        Code::Unimplemented => Some(ErrorReason::EncodingUnsupported),
        Code::Internal => Some(ErrorReason::MessageMalformed),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_in_grpc() {
        let domain: Arc<str> = "orchard.test".into();
        let request = http::Request::post("/x").body(Body::empty()).expect("a request");
        let response = catch_panics(&domain, request, async |_| panic!("on purpose")).await;
        assert_eq!(response.status(), http::StatusCode::OK);
        let status = Status::from_header_map(response.headers()).expect("a status");
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal fault"));
    }
}
