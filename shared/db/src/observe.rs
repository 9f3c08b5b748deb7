//! Numbers and spans of the pool and of units of work.

use std::sync::OnceLock;
use std::time::Instant;

use deadpool::managed::TimeoutType;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use metrics::{Counter, Histogram, counter, gauge, histogram};
use opentelemetry::trace::Status;
use orchard_rpc::trace;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::UnitError;

/// Waiting for connections. Registered by the first who waits: a pool may be there before the recorder of metrics.
#[derive(Debug)]
pub(crate) struct Waits {
    pool: String,
    handles: OnceLock<(Histogram, Counter)>,
}

impl Waits {
    /// At a pool that is known by the name of its role.
    pub(crate) fn new(pool: &str) -> Self {
        Self { pool: pool.to_owned(), handles: OnceLock::new() }
    }

    /// Takes a connection, and notes how long that took.
    pub(crate) async fn get(&self, pool: &Pool<AsyncPgConnection>) -> Result<Object<AsyncPgConnection>, PoolError> {
        let begun = Instant::now();
        let got = pool.get().await;
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

    /// Sets what is read of the pool rather than counted.
    pub(crate) fn set_gauges(&self, pool: &Pool<AsyncPgConnection>) {
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

/// A unit of work within a span of its own, or the current one where nobody is told of units; notes how it went. The span is that of
/// who asks for the future, in whichever task it runs.
pub(crate) fn unit<T, E: UnitError>(
    name: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, E>> {
    let span = tracing::debug_span!("unit", unit = name, "otel.name" = name);
    let span = if span.is_disabled() { Span::current() } else { span };
    let begun = Instant::now();
    async move {
        let result = work.await;
        end(name, begun, &result);
        result
    }
    .instrument(span)
}

fn end<T, E: UnitError>(name: &'static str, begun: Instant, result: &Result<T, E>) {
    let outcome = match result.as_ref().err().map(UnitError::failure) {
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

/// Others' writes have rolled a unit of work back, and it is done again.
pub(crate) fn again(name: &'static str, attempt: u32) {
    counter!("orchard_unit_retries_total", "unit" => name).increment(1);
    tracing::debug!(unit = name, attempt, "conflicting writes, trying again");
}
