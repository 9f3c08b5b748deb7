//! The admin port: health for probes, over gRPC and over HTTP, and metrics for scrapers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tonic::service::RoutesBuilder;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};

use crate::telemetry::metrics::{self, Gauges};
use crate::{framing, reflection};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The domain of the statuses of this port.
const DOMAIN: &str = "orchard.admin";

/// Returns a router that serves all of it, and reflection of the health service if `reflects`.
pub(crate) fn router<H: Health>(health: HealthServer<H>, gauges: Vec<Gauges>, reflects: bool) -> Router {
    let mut grpc = RoutesBuilder::default();
    grpc.add_service(health.clone());
    if reflects && let Err(error) = reflection::add_health(&mut grpc) {
        tracing::error!(%error, "the admin port has no reflection");
    }
    let ready = move || ready(health.clone());
    grpc.routes()
        .into_axum_router()
        .layer(from_fn(only_grpc))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape).with_state(Arc::new(gauges)))
}

async fn scrape(State(gauges): State<Arc<Vec<Gauges>>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], metrics::render(&gauges))
}

/// Answers as the health service does.
async fn ready(health: HealthServer<impl Health>) -> (StatusCode, &'static str) {
    match HealthClient::new(health).check(HealthCheckRequest::default()).await {
        Ok(answer) if answer.get_ref().status() == ServingStatus::Serving => (StatusCode::OK, "ready\n"),
        Ok(_) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}

/// Keeps what is no call of gRPC from gRPC, which would answer any path.
async fn only_grpc(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/grpc.") && !framing::is_grpc(request.headers()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match framing::refuse(DOMAIN, &request) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}
