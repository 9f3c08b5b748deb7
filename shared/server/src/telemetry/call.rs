//! The span, metrics and log line of each call, after OpenTelemetry's semantic conventions for RPC (1.45).

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
use orchard_rpc::{ByMethod, Durations, code_name, reason, status, trace};
use tonic::Code;
use tracing::{Instrument as _, Span};

use super::lines;

/// The target of these log lines.
const LOGS: &str = "orchard_calls";

/// The methods of a service, each with its metrics.
#[derive(Debug)]
pub(crate) struct Methods(ByMethod<Method>);

#[derive(Debug)]
struct Method {
    name: String,
    active: Gauge,
    durations: Durations,
}

impl Methods {
    pub(crate) fn new<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        Self(ByMethod::new(paths, |name| Method {
            name: name.to_owned(),
            active: metrics::gauge!("orchard_server_active_calls", "rpc_method" => name.to_owned()),
            durations: Durations::new("rpc_server_call_duration_seconds", name, is_error),
        }))
    }
}

/// Returns whether a code is a failure of the service and not a refusal. The conventions count UNIMPLEMENTED as a failure; here it
/// refuses a call to an unknown method.
fn is_error(code: Code) -> bool {
    matches!(code, Code::Unknown | Code::DeadlineExceeded | Code::Internal | Code::Unavailable | Code::DataLoss)
}

/// Observes a call from its first byte to the last byte of its answer.
pub(crate) async fn observe(methods: &Methods, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let method = methods.0.at(request.uri().path());
    let span = tracing::info_span!("call", "rpc.method" = method.name, "otel.name" = method.name, "otel.kind" = "server");
    trace::extract(&span, request.headers());
    let mut call = Call::begin(Arc::clone(method), span.clone());
    let response = next(request).instrument(span).await;
    call.ended(response.headers());
    // Without a status, it is the answer to what is no call of gRPC.
    call.code = call.code.or_else(|| (!response.status().is_success()).then_some(Code::Unimplemented));
    response.map(|body| Body::new(Observed { body, call }))
}

/// A call being served. Dropping it ends it; without a code by then, its caller has hung up.
struct Call {
    method: Arc<Method>,
    span: Span,
    begun: Instant,
    code: Option<Code>,
    reason: &'static str,
}

impl Call {
    fn begin(method: Arc<Method>, span: Span) -> Self {
        method.active.increment(1);
        Self { method, span, begun: Instant::now(), code: None, reason: "" }
    }

    /// Reads the status in headers or trailers, if they carry one.
    fn ended(&mut self, headers: &HeaderMap) {
        let Some(code) = status::code(headers) else { return };
        self.code = Some(code);
        if code != Code::Ok {
            self.reason = reason(headers).unwrap_or_default();
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let (code, took) = (self.code.unwrap_or(Code::Cancelled), self.begun.elapsed());
        self.method.active.decrement(1);
        self.method.durations.record(code, took);
        let (name, reason, ms) = (code_name(code), self.reason, took.as_secs_f64() * 1_000.0);
        if code != Code::Ok {
            metrics::counter!("orchard_server_refused_calls_total", "code" => name, "reason" => reason).increment(1);
        }
        self.span.in_scope(|| {
            if code == Code::Ok {
                // DEBUG, because a log line takes a third of a call's time. Metrics count these calls.
                tracing::debug!(target: LOGS, code = name, ms, "served");
            } else if !lines::admit((name, reason)) {
            } else if is_error(code) {
                tracing::warn!(target: LOGS, code = name, reason, ms, "failed");
            } else {
                tracing::info!(target: LOGS, code = name, reason, ms, "refused");
            }
        });
        if trace::is_exported() {
            trace::record_end(&self.span, code, is_error(code));
        }
    }
}

/// The body of an observed answer.
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
            && let Some(trailers) = frame.trailers_ref()
        {
            call.ended(trailers);
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
