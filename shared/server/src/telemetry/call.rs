//! Each call's span, numbers, and line of log, by OpenTelemetry's semantic conventions for RPC (1.45).

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use metrics::Gauge;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Status, TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use orchard_rpc::{Durations, code_name, trace};
use tonic::Code;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// What the conventions call a method that there is not. Its path is its caller's invention, and is written nowhere.
const OTHER: &str = "_OTHER";
const STATUS: &str = "grpc-status";
/// What the filter of logs calls these lines.
const LOGS: &str = "orchard_calls";

/// The methods, each with its numbers.
#[derive(Debug)]
pub(crate) struct Methods {
    by_path: HashMap<String, Arc<Method>>,
    other: Arc<Method>,
}

#[derive(Debug)]
struct Method {
    name: String,
    active: Gauge,
    durations: Durations,
}

impl Methods {
    pub(crate) fn new<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let by_path = paths.map(|path| (path.to_owned(), Method::new(path.trim_start_matches('/')))).collect();
        Self { by_path, other: Method::new(OTHER) }
    }

    fn of(&self, path: &str) -> &Arc<Method> {
        self.by_path.get(path).unwrap_or(&self.other)
    }
}

impl Method {
    fn new(name: &str) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            active: metrics::gauge!("orchard_server_active_calls", "rpc_method" => name.to_owned()),
            durations: Durations::new("rpc_server_call_duration_seconds", name, fails),
        })
    }
}

/// Whether a code is a failure of this service's, and not a refusal. The conventions count UNIMPLEMENTED as one; here it is what
/// somebody is told who asks for a method that there is not.
fn fails(code: Code) -> bool {
    match code {
        Code::Unknown | Code::DeadlineExceeded | Code::Internal | Code::Unavailable | Code::DataLoss => true,
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => false,
    }
}

/// Observes a call from its first byte to the last of its answer.
pub(crate) async fn observe(methods: &Methods, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let method = methods.of(request.uri().path());
    let span = tracing::info_span!("call", "rpc.method" = method.name, "otel.name" = method.name, "otel.kind" = "server");
    let parent = TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), &Headers(request.headers()));
    if parent.span().span_context().is_valid() {
        // It fails where nobody traces.
        let _ = span.set_parent(parent);
    }
    let mut call = Call::begin(Arc::clone(method), span.clone());
    let response = next(request).instrument(span).await;
    call.code = code(response.headers()).or_else(|| (!response.status().is_success()).then_some(Code::Unknown));
    response.map(|body| Body::new(Observed { body, call }))
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get(STATUS).map(|code| Code::from_bytes(code.as_bytes()))
}

/// A call that is being served. It ends when it is dropped, and if it has no code by then, its caller has hung up.
struct Call {
    method: Arc<Method>,
    span: Span,
    begun: Instant,
    code: Option<Code>,
}

impl Call {
    fn begin(method: Arc<Method>, span: Span) -> Self {
        method.active.increment(1);
        Self { method, span, begun: Instant::now(), code: None }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let (code, took) = (self.code.unwrap_or(Code::Cancelled), self.begun.elapsed());
        self.method.active.decrement(1);
        self.method.durations.record(code, took);
        let (name, ms) = (code_name(code), took.as_secs_f64() * 1_000.0);
        self.span.in_scope(|| {
            if fails(code) {
                tracing::warn!(target: LOGS, code = name, ms, "failed");
            } else if code == Code::Ok {
                // A line takes as long as a third of a call; metrics count these.
                tracing::debug!(target: LOGS, code = name, ms, "served");
            } else {
                tracing::info!(target: LOGS, code = name, ms, "refused");
            }
        });
        if trace::is_exported() {
            self.span.set_attribute("rpc.system.name", "grpc");
            self.span.set_attribute("rpc.response.status_code", name);
            if fails(code) {
                self.span.set_attribute("error.type", name);
                self.span.set_status(Status::error(""));
            }
        }
    }
}

/// An answer on its way out.
struct Observed {
    body: Body,
    call: Call,
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, call } = &mut *self;
        let polled = call.span.in_scope(|| Pin::new(body).poll_frame(context));
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(code) = frame.trailers_ref().and_then(code)
        {
            call.code = Some(code);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
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
