//! Metrics, in the text format of Prometheus.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::process;

/// OpenTelemetry's for durations of calls, and finer ones: most calls here end within its first.
const SECONDS: [f64; 17] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// How often what was measured is added up: until then each measurement takes memory.
const ADD_UP: Duration = Duration::from_secs(5);

/// Sets what is read rather than counted, before it is looked at.
pub type Gauges = Box<dyn Fn() + Send + Sync>;

/// The metrics of this process; recorded from the first time that they are asked for.
pub(crate) fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new().set_buckets(&SECONDS).unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        // Somebody else's stays, if a program that holds a service has one.
        if metrics::set_global_recorder(recorder).is_ok() {
            describe();
        }
        handle
    })
}

/// All of them, as text.
pub(crate) fn render(gauges: &[Gauges]) -> String {
    gauges.iter().for_each(|set| set());
    let mut text = recorder().render();
    process::write(&mut text);
    text
}

/// Adds up until dropped.
pub(crate) async fn keep_up() -> Infallible {
    let mut ticks = tokio::time::interval(ADD_UP);
    loop {
        ticks.tick().await;
        recorder().run_upkeep();
    }
}

fn describe() {
    use Unit::{Count, Seconds};

    describe_histogram!("rpc_server_call_duration_seconds", Seconds, "Calls served, until the last byte of their answers.");
    describe_gauge!("orchard_server_active_calls", Count, "Calls being served.");
    describe_counter!("orchard_server_shed_calls_total", Count, "Calls turned away because there was no room for them.");
    describe_histogram!("rpc_client_call_duration_seconds", Seconds, "Calls to other services, all attempts together.");
    describe_counter!("orchard_client_retries_total", Count, "Attempts after the first.");
    describe_gauge!("db_client_connection_count", Count, "Connections of the pool, by what they do.");
    describe_gauge!("db_client_connection_max", Count, "Connections that the pool may have.");
    describe_gauge!("db_client_connection_pending_requests", Count, "Those who wait for a connection.");
    describe_histogram!("db_client_connection_wait_time_seconds", Seconds, "Waiting for a connection of the pool.");
    describe_counter!("db_client_connection_timeouts_total", Count, "Those who waited in vain.");
    describe_histogram!("orchard_unit_duration_seconds", Seconds, "Units of work, all attempts together.");
    describe_counter!("orchard_unit_retries_total", Count, "Attempts after the first, for writes that conflicted.");
    describe_counter!("orchard_spans_lost_total", Count, "Spans that no collector took.");
}
