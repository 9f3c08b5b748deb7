//! Traces (W3C trace context), for what is not a call: an event carries the trace of what caused it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

static EXPORTED: AtomicBool = AtomicBool::new(false);

/// Whether spans leave this process: where none do, details of theirs are not even gathered.
pub fn is_exported() -> bool {
    EXPORTED.load(Ordering::Relaxed)
}

/// Says that spans leave this process.
pub fn export() {
    EXPORTED.store(true, Ordering::Relaxed);
}

/// Whether the current span is sent to a collector.
pub fn is_sampled() -> bool {
    is_exported() && Context::map_current(|context| context.span().span_context().is_sampled())
}

/// The current span as a `traceparent`, to be kept with what it causes. Nothing where nobody traces.
pub fn traceparent() -> Option<String> {
    let mut fields = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut fields);
    fields.remove(TRACEPARENT)
}

/// Makes what a `traceparent` names the parent of a span that has not been entered yet. What cannot be read is nobody's parent.
pub fn follow(span: &Span, traceparent: &str) {
    let fields = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &fields);
    if context.span().span_context().is_valid() {
        // It fails where nobody traces.
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
        assert_eq!(traceparent(), None, "nobody traces");
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
        for rubbish in ["", "rubbish", "00-00000000000000000000000000000000-0000000000000000-01"] {
            let other = tracing::info_span!(parent: None, "effect");
            follow(&other, rubbish);
            assert_ne!(ids(&other).0, trace, "{rubbish}");
        }
    }
}
