use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::ReadRequest;
use tonic::Request;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::world::World;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

#[tokio::test]
async fn a_call_belongs_to_its_callers_trace() -> anyhow::Result<()> {
    let layer = tracing_opentelemetry::layer().with_tracer(SdkTracerProvider::builder().build().tracer("test"));
    // Set for this thread only, which is the only one of the test's runtime.
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let world = World::start(Probe::new(|_: Request<String>| async {
        let context = tracing::Span::current().context();
        let span = context.span().span_context().clone();
        Ok(format!("{} {}", span.trace_id(), span.span_id()))
    }))
    .await?;
    let mut client = world.client()?;
    let mut seen = async |traceparent: &str| -> anyhow::Result<(String, String)> {
        let mut request = Request::new(ReadRequest::default());
        request.metadata_mut().insert("traceparent", traceparent.parse()?);
        let text = client.read(request).await?.into_inner().text;
        let (trace, span) = text.split_once(' ').expect("two ids");
        Ok((trace.to_owned(), span.to_owned()))
    };
    let (trace, span) = seen(&format!("00-{TRACE}-{PARENT}-01")).await?;
    assert_eq!(trace, TRACE);
    assert_ne!(span, PARENT, "the call has a span of its own");
    let (own, _) = seen("rubbish").await?;
    assert!(own != TRACE && own.chars().any(|digit| digit != '0'), "a trace of its own: {own}");
    Ok(())
}
