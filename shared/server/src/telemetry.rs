//! Logs, and the span of each call, which is part of its caller's trace.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use http::{HeaderMap, Request};
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tower_http::classify::{GrpcCode, GrpcErrorsAsFailures, SharedClassifier};
use tower_http::trace::{DefaultOnFailure, DefaultOnRequest, DefaultOnResponse, TraceLayer};
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Pretty,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts logging to stderr, and gives spans their place in traces. Once per process.
pub fn start(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).context("the log filter cannot be read")?;
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let logs = match format {
        LogFormat::Pretty => logs.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    };
    // Spans are not sent anywhere; they have ids, so that what a call calls belongs to the same trace.
    let traces = tracing_opentelemetry::layer().with_tracer(SdkTracerProvider::builder().build().tracer("orchard"));
    let started = tracing_subscriber::registry().with(traces).with(logs.with_filter(filter)).try_init();
    started.context("cannot start logging")
}

/// What a service is asked wrongly is its callers' mistake: logged as any answer, by its code alone, not as a failure.
const REFUSALS: [GrpcCode; 9] = [
    GrpcCode::Cancelled,
    GrpcCode::InvalidArgument,
    GrpcCode::NotFound,
    GrpcCode::AlreadyExists,
    GrpcCode::PermissionDenied,
    GrpcCode::FailedPrecondition,
    GrpcCode::OutOfRange,
    GrpcCode::Unimplemented,
    GrpcCode::Unauthenticated,
];

/// Opens a span for each call and logs how it ended.
pub(crate) fn trace() -> TraceLayer<SharedClassifier<GrpcErrorsAsFailures>, impl Fn(&Request<axum::body::Body>) -> Span + Clone> {
    let classifier = REFUSALS.into_iter().fold(GrpcErrorsAsFailures::new(), GrpcErrorsAsFailures::with_success);
    TraceLayer::new(SharedClassifier::new(classifier))
        .make_span_with(|request: &Request<_>| {
            let span = tracing::info_span!("call", method = request.uri().path().trim_start_matches('/'));
            // It fails where nobody traces.
            let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(request.headers())));
            span
        })
        .on_request(DefaultOnRequest::new().level(Level::DEBUG))
        .on_response(DefaultOnResponse::new().level(Level::INFO))
        .on_failure(DefaultOnFailure::new().level(Level::WARN))
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
