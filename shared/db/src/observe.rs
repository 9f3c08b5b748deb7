//! Metrics and spans of the pool and of units of work.

use std::sync::OnceLock;
use std::time::Instant;

use deadpool::managed::{Pool, PoolError, TimeoutType};
use diesel::ConnectionError;
use metrics::{Counter, Histogram, counter, gauge, histogram};
use opentelemetry::trace::Status;
use orchard_rpc::trace;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::failure::Failure;
use crate::pool::Sessions;

/// Metrics of a pool. The first wait registers them: a pool may be created before the recorder of metrics.
#[derive(Debug)]
pub(crate) struct PoolMetrics {
    pool: String,
    handles: OnceLock<(Histogram, Counter)>,
}

impl PoolMetrics {
    /// Creates the metrics of a pool, which is named after its role.
    pub(crate) fn new(pool: &str) -> Self {
        Self { pool: pool.to_owned(), handles: OnceLock::new() }
    }

    /// Measures the wait for a connection.
    pub(crate) async fn time<T>(
        &self,
        wait_for: impl Future<Output = Result<T, PoolError<ConnectionError>>>,
    ) -> Result<T, PoolError<ConnectionError>> {
        let begun = Instant::now();
        let got = wait_for.await;
        let (wait, timeouts) = self.handles.get_or_init(|| {
            let name = || self.pool.clone();
            let timeouts = counter!("db_client_connection_timeouts_total", "db_client_connection_pool_name" => name());
            (histogram!("db_client_connection_wait_time_seconds", "db_client_connection_pool_name" => name()), timeouts)
        });
        wait.record(begun.elapsed().as_secs_f64());
        if let Err(PoolError::Timeout(TimeoutType::Wait)) = &got {
            timeouts.increment(1);
        }
        got
    }

    /// Sets the gauges to the pool's current state.
    pub(crate) fn set_gauges(&self, pool: &Pool<Sessions>) {
        let (status, name) = (pool.status(), || self.pool.clone());
        let connections = |state: &'static str, count: usize| {
            let count = count as f64;
            gauge!("db_client_connection_count", "db_client_connection_pool_name" => name(), "db_client_connection_state" => state)
                .set(count);
        };
        connections("idle", status.available);
        connections("used", status.size.saturating_sub(status.available));
        gauge!("db_client_connection_max", "db_client_connection_pool_name" => name()).set(status.max_size as f64);
        gauge!("db_client_connection_pending_requests", "db_client_connection_pool_name" => name()).set(status.waiting as f64);
    }
}

/// Wraps a unit of work in a span, or in the current one if spans of units are disabled, and records its duration and outcome.
///
/// The span's parent is the span in which this function is called, whichever task polls the future. `failure` tells a failure of the
/// database from a refusal.
pub(crate) fn unit<T, E>(
    name: &'static str,
    work: impl Future<Output = Result<T, E>>,
    failure: fn(&E) -> Option<&Failure>,
) -> impl Future<Output = Result<T, E>> {
    let span = tracing::debug_span!("unit", unit = name, "otel.name" = name);
    let span = if span.is_disabled() { Span::current() } else { span };
    let begun = Instant::now();
    async move {
        let result = work.await;
        end(name, begun, result.as_ref().err().map(failure));
        result
    }
    .instrument(span)
}

fn end(name: &'static str, begun: Instant, error: Option<Option<&Failure>>) {
    let outcome = match error {
        None => "done",
        Some(None) => "refused",
        Some(Some(_)) => "failed",
    };
    let seconds = begun.elapsed().as_secs_f64();
    histogram!("orchard_unit_duration_seconds", "unit" => name, "outcome" => outcome).record(seconds);
    if outcome == "failed" && trace::is_exported() {
        Span::current().set_status(Status::error(""));
    }
}

/// Records that a conflicting write rolled a unit of work back, and that it is tried again.
pub(crate) fn retry(name: &'static str, attempt: u32) {
    counter!("orchard_unit_retries_total", "unit" => name).increment(1);
    tracing::debug!(unit = name, attempt, "conflicting writes, the unit of work is retried");
}
