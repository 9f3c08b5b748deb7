//! The admin port: health for probes and metrics for scrapers.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};

use crate::telemetry::metrics::{self, Gauges};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns a router that serves both.
pub(crate) fn router(health: HealthServer<impl Health>, gauges: Vec<Gauges>) -> Router {
    Routes::new(health).into_axum_router().route("/metrics", get(scrape).with_state(Arc::new(gauges)))
}

async fn scrape(State(gauges): State<Arc<Vec<Gauges>>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], metrics::render(&gauges))
}
