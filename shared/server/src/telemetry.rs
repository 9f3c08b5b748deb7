//! Logs, traces and metrics.

pub(crate) mod call;
mod export;
pub(crate) mod lines;
mod logs;
pub(crate) mod metrics;
mod options;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterFn, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use anyhow::Context as _;

use crate::limits::EXPORT;

pub use logs::LogFormat;
pub use options::TraceOptions;

/// The telemetry of a process, which must be flushed before the process ends.
#[derive(Debug)]
pub(crate) struct Telemetry {
    traces: SdkTracerProvider,
}

/// Starts logs to stderr, traces and metrics. Must be called once per process, within its runtime.
pub(crate) fn start(service: &str, log: &str, format: LogFormat, traces: &TraceOptions) -> anyhow::Result<Telemetry> {
    metrics::install();
    // Not an EnvFilter: its filters by span fields, which are not needed here, cost time at each entry into a span.
    let filter: Targets = log.parse().context("invalid log filter")?;
    let logs = logs::layer(format).with_filter(logs::without_details_of_others()).with_filter(filter);
    let provider = export::provider(service, traces)?;
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("orchard"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(own_spans(traces.otlp_endpoint.is_some()));
    tracing_subscriber::registry().with(spans).with(logs).try_init().context("cannot start logging")?;
    std::panic::set_hook(Box::new(logs::panicked));
    Ok(Telemetry { traces: provider })
}

/// Selects the suite's own spans, and no log events. Spans that only a collector needs are at DEBUG.
fn own_spans(exported: bool) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let most = if exported { Level::DEBUG } else { Level::INFO };
    filter_fn(move |metadata| metadata.is_span() && *metadata.level() <= most && metadata.target().starts_with("orchard"))
        .with_max_level_hint(most)
}

impl Telemetry {
    /// Exports the remaining spans, if there is a collector. The runtime must keep running meanwhile, because it does the exporting.
    pub(crate) async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || self.traces.shutdown_with_timeout(EXPORT)).await;
        if let Ok(Err(cause)) = ended {
            tracing::warn!(%cause, "the last spans were not exported");
        }
    }
}
