//! Each call's span and numbers, by OpenTelemetry's semantic conventions for RPC (1.45).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use http::Response;
use metrics::counter;
use opentelemetry::KeyValue;
use opentelemetry::trace::Status;
use orchard_rpc::{Durations, code_name, trace};
use tonic::Code;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::answer::{self, Answer};
use crate::retry::Ended;

/// What the conventions call a method that no contract has.
const OTHER: &str = "_OTHER";

/// The methods of an upstream, each with its numbers.
#[derive(Debug)]
pub(crate) struct Observed {
    by_path: HashMap<String, Arc<Method>>,
    other: Arc<Method>,
}

#[derive(Debug)]
struct Method {
    name: String,
    /// The host, as configured: replicas have none of their own here.
    server: String,
    durations: Durations,
}

impl Observed {
    pub(crate) fn new<'a>(server: &str, paths: impl Iterator<Item = &'a str>) -> Self {
        let method = |name: &str| {
            let durations =
                Durations::new("rpc_client_call_duration_seconds", name, fails).with("server_address", server.to_owned());
            Arc::new(Method { name: name.to_owned(), server: server.to_owned(), durations })
        };
        let by_path = paths.map(|path| (path.to_owned(), method(path.trim_start_matches('/')))).collect();
        Self { by_path, other: method(OTHER) }
    }

    /// A call begins.
    pub(crate) fn begin(&self, path: &str) -> Observation {
        let method = Arc::clone(self.by_path.get(path).unwrap_or(&self.other));
        let span =
            tracing::debug_span!("upstream", "rpc.method" = method.name, "otel.name" = method.name, "otel.kind" = "client");
        let span = if span.is_disabled() { Span::current() } else { span };
        Observation { method, span, begun: Instant::now(), code: None, attempts: 0 }
    }
}

/// To a caller whatever is not an answer is an error.
fn fails(code: Code) -> bool {
    code != Code::Ok
}

/// A call under way. It ends when it is dropped, and if it has no answer by then, nobody wanted one any more.
pub(crate) struct Observation {
    method: Arc<Method>,
    span: Span,
    begun: Instant,
    code: Option<Code>,
    attempts: u32,
}

impl Observation {
    /// The span of the call; the current one where nobody is told of calls to others.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// An attempt begins.
    pub(crate) fn attempt(&mut self) {
        self.attempts += 1;
    }

    /// An attempt ended so that there is another.
    pub(crate) fn again(&self, upstream: &'static str, ended: Ended) {
        counter!("orchard_client_retries_total", "upstream" => upstream).increment(1);
        if trace::is_exported() {
            let attributes =
                vec![KeyValue::new("orchard.attempt", i64::from(self.attempts)), KeyValue::new("orchard.ended", ended.name())];
            self.span.add_event("retry", attributes);
        }
    }

    /// There is an answer. One that still comes in is taken for a good one.
    pub(crate) fn answered(&mut self, response: &Response<Answer>) {
        self.code = Some(answer::code(response).unwrap_or(Code::Ok));
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        self.method.durations.record(code, self.begun.elapsed());
        if !trace::is_exported() {
            return;
        }
        self.span.set_attribute("rpc.system.name", "grpc");
        self.span.set_attribute("server.address", self.method.server.clone());
        self.span.set_attribute("rpc.response.status_code", code_name(code));
        self.span.set_attribute("orchard.attempts", i64::from(self.attempts));
        if fails(code) {
            self.span.set_attribute("error.type", code_name(code));
            self.span.set_status(Status::error(""));
        }
    }
}
