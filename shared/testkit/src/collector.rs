//! A collector of spans: OTLP over gRPC, as OpenTelemetry's own takes it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use futures::FutureExt as _;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{self as otlp, ResourceSpans};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

/// A span as it arrived.
#[derive(Debug, Clone)]
pub struct Span {
    /// What is said of the process that sent it, such as `service.name`.
    pub resource: BTreeMap<String, String>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// Its trace, in hexadecimal digits.
    pub trace_id: String,
    /// Its id.
    pub span_id: String,
    /// Its parent's id; empty if it has none.
    pub parent_id: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// What happened in it, by name and attributes.
    pub events: Vec<(String, BTreeMap<String, String>)>,
    /// Whether its status is an error.
    pub is_error: bool,
    /// How long it took, in nanoseconds.
    pub nanos: u64,
}

impl Span {
    /// The service that sent it.
    pub fn service(&self) -> &str {
        self.resource.get("service.name").map_or("", String::as_str)
    }

    /// An attribute; empty if it has none of that name.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// A collector that runs until it is dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: watch::Receiver<Received>,
    _serving: JoinSet<Result<(), tonic::transport::Error>>,
}

#[derive(Debug, Default)]
struct Received {
    spans: Vec<Span>,
    raw: String,
}

impl Collector {
    /// Starts it on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, received) = watch::channel(Received::default());
        let service = TraceServiceServer::new(Taking(sender));
        let serve = tonic::transport::Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener));
        Ok(Self { address, received, _serving: JoinSet::from_iter([serve.boxed()]) })
    }

    /// Where it takes spans.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has so far.
    pub fn spans(&self) -> Vec<Span> {
        self.received.borrow().spans.clone()
    }

    /// Everything that it was sent, as text.
    pub fn raw(&self) -> String {
        self.received.borrow().raw.clone()
    }
}

struct Taking(watch::Sender<Received>);

#[tonic::async_trait]
impl TraceService for Taking {
    async fn export(&self, request: Request<ExportTraceServiceRequest>) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let sent = request.into_inner();
        self.0.send_modify(|received| {
            received.raw.push_str(&format!("{sent:?}\n"));
            received.spans.extend(sent.resource_spans.into_iter().flat_map(read));
        });
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn read(sent: ResourceSpans) -> Vec<Span> {
    let resource = texts(sent.resource.map(|resource| resource.attributes).unwrap_or_default());
    let spans = sent.scope_spans.into_iter().flat_map(|scope| scope.spans);
    spans.map(|span| read_span(&resource, span)).collect()
}

fn read_span(resource: &BTreeMap<String, String>, span: otlp::Span) -> Span {
    Span {
        resource: resource.clone(),
        kind: span.kind(),
        name: span.name,
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_id: hex(&span.parent_span_id),
        attributes: texts(span.attributes),
        events: span.events.into_iter().map(|event| (event.name, texts(event.attributes))).collect(),
        is_error: span.status.is_some_and(|status| status.code() == StatusCode::Error),
        nanos: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano),
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes.into_iter().map(|attribute| (attribute.key, text(attribute.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(is_so)) => is_so.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
