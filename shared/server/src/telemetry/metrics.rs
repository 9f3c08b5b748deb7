//! Metrics, in Prometheus's text format.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use orchard_rpc::zone;

use super::lines;

/// OpenTelemetry's buckets for call durations, and finer ones below: most calls here take less than its first.
const SECONDS: [f64; 17] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// How often recorded values are added up. Until then, each of them takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Sets gauges right before they are scraped.
pub type Gauges = Box<dyn Fn() + Send + Sync>;

struct Recorded {
    handle: PrometheusHandle,
    process: Collector,
}

fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let recorder = PrometheusBuilder::new().set_buckets(&SECONDS).unwrap_or_default().build_recorder();
        let (handle, process) = (recorder.handle(), Collector::default());
        // A program that embeds a service may have installed a recorder of its own, which stays.
        if metrics::set_global_recorder(recorder).is_ok() {
            describe();
            metrics::gauge!("orchard_build_info", "version" => env!("CARGO_PKG_VERSION"), "zones" => zone::VERSION).set(1.0);
            process.describe();
        }
        Recorded { handle, process }
    })
}

/// Starts recording metrics, if that has not been done yet.
pub(crate) fn install() {
    recorded();
}

/// Returns all metrics of this process as text.
pub(crate) fn render(gauges: &[Gauges]) -> String {
    let recorded = recorded();
    gauges.iter().for_each(|set| set());
    recorded.process.collect();
    recorded.handle.render()
}

/// Adds up recorded values, and says which lines were left out of the log, until dropped.
pub(crate) async fn keep_up() -> Infallible {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        recorded().handle.run_upkeep();
        lines::report_left_out();
    }
}

fn describe() {
    use Unit::{Count, Seconds};

    describe_histogram!(
        "rpc_server_call_duration_seconds",
        Seconds,
        "Duration of served calls, to the last byte of the response."
    );
    describe_gauge!("orchard_server_active_calls", Count, "Calls being served.");
    describe_counter!(
        "orchard_server_shed_calls_total",
        Count,
        "Calls refused because the service was at its limit, or their caller at its share."
    );
    describe_counter!("orchard_rate_limited_calls_total", Count, "Calls refused because their caller or address makes too many.");
    describe_gauge!("orchard_rate_limit_keys", Count, "Callers and addresses whose rates are counted apart.");
    describe_counter!("orchard_server_refused_calls_total", Count, "Calls that ended with another code than OK, by reason.");
    describe_gauge!("orchard_build_info", "1 for each process, with the release and the version of its time zone rules.");
    describe_gauge!("orchard_ready", "Whether the service was ready when that was last checked, once a second.");
    describe_gauge!("orchard_keys_age_seconds", Seconds, "Time since the keys that verify tokens were last read.");
    describe_histogram!("rpc_client_call_duration_seconds", Seconds, "Duration of calls to other services, over all attempts.");
    describe_counter!("orchard_client_retries_total", Count, "Attempts after the first.");
    describe_gauge!("db_client_connection_count", Count, "Connections of the pool, by state.");
    describe_gauge!("db_client_connection_max", Count, "Connections that the pool may open.");
    describe_gauge!("db_client_connection_pending_requests", Count, "Requests waiting for a connection.");
    describe_histogram!("db_client_connection_wait_time_seconds", Seconds, "Time spent waiting for a connection.");
    describe_counter!("db_client_connection_timeouts_total", Count, "Requests that got no connection in time.");
    describe_histogram!("orchard_unit_duration_seconds", Seconds, "Duration of units of work, over all attempts.");
    describe_counter!("orchard_unit_retries_total", Count, "Attempts after the first, for conflicting writes.");
    describe_counter!("orchard_spans_lost_total", Count, "Spans that no collector accepted.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_describe_the_process() {
        let text = render(&[]);
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).expect(name);
            line.rsplit_once(' ').expect("a value").1.parse().expect("a number")
        };
        assert!(value("process_cpu_seconds_total") >= 0.0, "{text}");
        assert!(value("process_resident_memory_bytes") > 1_000_000.0 && value("process_open_fds") >= 3.0, "{text}");
        assert!(value("process_max_fds") >= value("process_open_fds"), "{text}");
        let now = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs_f64();
        let age = now - value("process_start_time_seconds");
        assert!((-2.0..3_600.0).contains(&age), "{age}");
    }
}
