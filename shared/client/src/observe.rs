//! The span and metrics of each call, after OpenTelemetry's semantic conventions for RPC (1.45).

use std::sync::Arc;
use std::time::Instant;

use http::Response;
use metrics::counter;
use opentelemetry::KeyValue;
use orchard_rpc::{ByMethod, Durations, trace};
use tonic::Code;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::answer::{self, Answer};
use crate::retry::AttemptEnd;

/// The methods of an upstream, each with its metrics.
#[derive(Debug)]
pub(crate) struct ObservedMethods(ByMethod<Method>);

#[derive(Debug)]
struct Method {
    name: String,
    /// The configured host. Replicas have no names of their own.
    server: String,
    durations: Durations,
}

impl ObservedMethods {
    pub(crate) fn new<'a>(server: &str, paths: impl Iterator<Item = &'a str>) -> Self {
        Self(ByMethod::new(paths, |name| {
            let durations = Durations::new("rpc_client_call_duration_seconds", name, is_error);
            let durations = durations.with("server_address", server.to_owned());
            Method { name: name.to_owned(), server: server.to_owned(), durations }
        }))
    }

    /// Begins to observe a call.
    pub(crate) fn begin(&self, path: &str) -> ObservedCall {
        let method = Arc::clone(self.0.at(path));
        let span =
            tracing::debug_span!("upstream", "rpc.method" = method.name, "otel.name" = method.name, "otel.kind" = "client");
        let span = if span.is_disabled() { Span::current() } else { span };
        ObservedCall { method, span, begun: Instant::now(), code: None, attempts: 0 }
    }
}

/// To a caller, every code but OK is an error.
fn is_error(code: Code) -> bool {
    code != Code::Ok
}

/// A call in progress. Dropping it ends it; without an answer by then, its caller has hung up.
pub(crate) struct ObservedCall {
    method: Arc<Method>,
    span: Span,
    begun: Instant,
    code: Option<Code>,
    attempts: u32,
}

impl ObservedCall {
    /// Returns the call's span, or the current one if spans of outgoing calls are disabled.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn begin_attempt(&mut self) {
        self.attempts += 1;
    }

    /// Notes that another attempt follows one that ended with `end`.
    pub(crate) fn retry(&self, upstream: &'static str, end: AttemptEnd) {
        counter!("orchard_client_retries_total", "upstream" => upstream).increment(1);
        if trace::is_exported() {
            let attributes =
                vec![KeyValue::new("orchard.attempt", i64::from(self.attempts)), KeyValue::new("orchard.ended", end.name())];
            self.span.add_event("retry", attributes);
        }
    }

    /// Notes the answer. One that is still arriving counts as OK.
    pub(crate) fn answered(&mut self, response: &Response<Answer>) {
        self.code = Some(answer::code(response).unwrap_or(Code::Ok));
    }
}

impl Drop for ObservedCall {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        self.method.durations.record(code, self.begun.elapsed());
        if trace::is_exported() {
            self.span.set_attribute("server.address", self.method.server.clone());
            self.span.set_attribute("orchard.attempts", i64::from(self.attempts));
            trace::record_end(&self.span, code, is_error(code));
        }
    }
}
