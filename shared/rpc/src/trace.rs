//! W3C trace context: calls carry it in headers, events in a `traceparent` of their own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Status, TraceContextExt as _};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::Code;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::status::code_name;

const TRACEPARENT: &str = "traceparent";

static EXPORTED: AtomicBool = AtomicBool::new(false);

/// Returns whether this process exports spans. If not, their details need not be gathered.
pub fn is_exported() -> bool {
    EXPORTED.load(Ordering::Relaxed)
}

/// Declares that this process exports spans.
pub fn export() {
    EXPORTED.store(true, Ordering::Relaxed);
}

/// Returns whether the current span is exported.
pub fn is_sampled() -> bool {
    is_exported() && Context::map_current(|context| context.span().span_context().is_sampled())
}

/// Returns the current span as a `traceparent`, to be stored with what it causes; `None` without an OpenTelemetry layer.
pub fn traceparent() -> Option<String> {
    let mut fields = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut fields);
    fields.remove(TRACEPARENT)
}

/// Makes the span that a `traceparent` names the parent of `span`, which must not have been entered yet. Ignores an invalid one.
pub fn follow(span: &Span, traceparent: &str) {
    set_parent(span, &HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]));
}

/// Makes the caller's span the parent of `span`, which must not have been entered yet.
pub fn extract(span: &Span, headers: &HeaderMap) {
    set_parent(span, &HeaderExtractor(headers));
}

/// Makes `span` the parent of the call with these headers. Without an OpenTelemetry layer the headers stay as they are.
pub fn inject(span: &Span, headers: &mut HeaderMap) {
    let context = span.context();
    if context.span().span_context().is_valid() {
        headers.remove("tracestate");
        TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
    }
}

/// Sets the attributes that say how a call ended.
pub fn record_end(span: &Span, code: Code, is_error: bool) {
    span.set_attribute("rpc.system.name", "grpc");
    span.set_attribute("rpc.response.status_code", code_name(code));
    if is_error {
        span.set_attribute("error.type", code_name(code));
        span.set_status(Status::error(""));
    }
}

fn set_parent(span: &Span, fields: &dyn Extractor) {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), fields);
    if context.span().span_context().is_valid() {
        // Fails without an OpenTelemetry layer.
        let _ = span.set_parent(context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn an_effect_belongs_to_the_trace_of_its_cause() {
        assert_eq!(traceparent(), None, "no OpenTelemetry layer");
        let layer = tracing_opentelemetry::layer().with_tracer(SdkTracerProvider::builder().build().tracer("test"));
        let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let ids = |span: &Span| {
            let context = span.context();
            let ids = context.span().span_context().clone();
            (ids.trace_id().to_string(), ids.span_id().to_string())
        };

        let cause = tracing::info_span!("cause");
        let kept = cause.in_scope(traceparent).expect("a traceparent");
        let (trace, parent) = ids(&cause);
        assert_eq!(kept, format!("00-{trace}-{parent}-01"));

        let effect = tracing::info_span!(parent: None, "effect");
        follow(&effect, &kept);
        assert_eq!(ids(&effect).0, trace);
        for invalid in ["", "rubbish", "00-00000000000000000000000000000000-0000000000000000-01"] {
            let other = tracing::info_span!(parent: None, "effect");
            follow(&other, invalid);
            assert_ne!(ids(&other).0, trace, "{invalid}");
        }
    }
}
