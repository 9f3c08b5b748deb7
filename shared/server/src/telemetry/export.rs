//! Exports spans to a collector.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};
use orchard_rpc::trace;
use uuid::Uuid;

use super::options::TraceOptions;

/// Time limit of one batch. Meanwhile spans wait in a bounded queue; spans beyond it are dropped.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Returns a provider that exports spans, if the options name a collector.
pub(super) fn provider(service: &str, options: &TraceOptions) -> anyhow::Result<SdkTracerProvider> {
    let Some(endpoint) = &options.otlp_endpoint else {
        // Spans still have ids, and the caller's sampling decision is passed on.
        let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
        return Ok(SdkTracerProvider::builder().with_sampler(sampler).build());
    };
    let exporter = Otlp::builder().with_tonic().with_endpoint(endpoint.to_string()).with_timeout(TIMEOUT).build()?;
    let resource = Resource::builder()
        .with_service_name(format!("orchard-{service}"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", Uuid::new_v4().to_string()))
        .build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.trace_ratio)));
    let exporter = Reported { exporter, failing: AtomicBool::new(false) };
    let provider =
        SdkTracerProvider::builder().with_resource(resource).with_sampler(sampler).with_batch_exporter(exporter).build();
    opentelemetry::global::set_tracer_provider(provider.clone());
    trace::export();
    Ok(provider)
}

/// An exporter that logs once when export begins to fail, and once when it works again.
#[derive(Debug)]
struct Reported<E> {
    exporter: E,
    failing: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let sent = self.exporter.export(batch).await;
        if sent.is_err() {
            metrics::counter!("orchard_spans_lost_total").increment(spans);
        }
        if self.failing.swap(sent.is_err(), Ordering::Relaxed) != sent.is_err() {
            match &sent {
                Ok(()) => tracing::info!("spans are exported again"),
                Err(cause) => tracing::warn!(%cause, "cannot export spans; they are lost until it works again"),
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
