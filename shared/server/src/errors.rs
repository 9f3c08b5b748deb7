//! Answers for what handlers cannot answer for: panics, and refusals by the transport itself.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use http::HeaderMap;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::common;
use tonic::{Code, Status};

/// Answers INTERNAL for a handler that panicked; its siblings on the connection go on.
pub(crate) async fn catch_panics(State(domain): State<Arc<str>>, request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(panic = message(panic.as_ref()), "a handler panicked");
            common(ErrorReason::Internal, "internal fault").into_status(&domain).into_http()
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
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
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn a_panic_is_answered_in_grpc() {
        async fn panics() -> Response {
            panic!("on purpose")
        }
        let domain: Arc<str> = "orchard.test".into();
        let router = Router::new().route("/x", post(panics)).layer(from_fn_with_state(domain, catch_panics));
        let request = http::Request::post("/x").body(Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), http::StatusCode::OK);
        let status = Status::from_header_map(response.headers()).expect("a status");
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal fault"));
    }
}
