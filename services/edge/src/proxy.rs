//! Routes calls to their slices, undecoded: bytes, metadata, trailers and deadlines pass as they are.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::common;
use tower::ServiceExt as _;

use crate::DOMAIN;
use crate::upstream::Upstreams;

/// Handles every call that the edge itself has no service for. The guard has let only routable methods through.
pub(crate) fn router(upstreams: Upstreams) -> Router {
    Router::new().fallback(forward).with_state(upstreams)
}

async fn forward(State(upstreams): State<Upstreams>, request: Request) -> Response {
    let Some(upstream) = upstreams.of(request.uri().path()) else {
        return common(ErrorReason::MethodUnknown, "there is no such method here").into_status(DOMAIN).into_http();
    };
    // The caller's own token goes along: the slice verifies it for itself.
    let Ok(answer) = upstream.clone().oneshot(request.map(tonic::body::Body::new)).await;
    answer.map(Body::new)
}
