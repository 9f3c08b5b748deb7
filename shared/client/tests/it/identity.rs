//! The identity and the trace of a call.

use std::time::Duration;

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use orchard_server::Caller;
use orchard_testkit::probe::pb::ReadRequest;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use tonic::Request;
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

use crate::world::{Addresses, World, read};

#[tokio::test]
async fn a_service_calls_on_behalf_of_a_user_or_on_its_own() -> anyhow::Result<()> {
    let world = World::new()?;
    let who = |request: Request<String>| async move {
        let caller = Caller::of(&request);
        Ok(format!("{:?} {:?}", caller.service, caller.user.map(|user| user.id)))
    };
    let replica = world.replica(who).await?;
    let upstream = world.upstream(&Addresses::new(&[replica.address]))?;
    let user = Uuid::new_v4();
    let token = world.keys.user_token(user, &[], Duration::from_secs(60))?;
    let for_user = ProbeServiceClient::new(upstream.on_behalf_of(&token)?);
    assert_eq!(read(&for_user, "").await?, format!("{:?} {:?}", Some("edge"), Some(user)));
    let alone = ProbeServiceClient::new(upstream.as_service()?);
    assert_eq!(read(&alone, "").await?, format!("{:?} {:?}", Some("edge"), None::<Uuid>));
    assert!(upstream.on_behalf_of("a\nb").is_err());
    Ok(())
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

#[tokio::test]
async fn the_trace_is_propagated() -> anyhow::Result<()> {
    let world = World::new()?;
    let header = |request: &Request<String>, name: &str| {
        request.metadata().get(name).and_then(|value| value.to_str().ok()).unwrap_or("none").to_owned()
    };
    let seen = move |request: Request<String>| {
        let seen = format!("{} {}", header(&request, "traceparent"), header(&request, "tracestate"));
        async { Ok(seen) }
    };
    let replica = world.replica(seen).await?;
    let client = world.client(&[replica.address])?;

    // Without an OpenTelemetry layer, the request's own trace context is passed on.
    let incoming = || {
        let mut request = Request::new(ReadRequest::default());
        let traceparent = format!("00-{TRACE}-{PARENT}-01").parse().expect("a header");
        request.metadata_mut().insert("traceparent", traceparent);
        request.metadata_mut().insert("tracestate", "a=b".parse().expect("a header"));
        request
    };
    let passed = client.clone().read(incoming()).await?.into_inner().text;
    assert_eq!(passed, format!("00-{TRACE}-{PARENT}-01 a=b"));

    // With one, the call continues the trace of the current span.
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let call = async {
        let trace_state = TraceState::from_key_value([("c", "d")])?;
        let (trace, parent) = (TraceId::from_hex(TRACE)?, SpanId::from_hex(PARENT)?);
        let remote = SpanContext::new(trace, parent, TraceFlags::SAMPLED, true, trace_state);
        let span = tracing::info_span!("served");
        span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote))?;
        let seen = client.clone().read(incoming()).instrument(span.clone()).await?.into_inner().text;
        anyhow::Ok((seen, span.context().span().span_context().span_id()))
    };
    let (seen, span) = call.with_subscriber(tracing_subscriber::registry().with(layer)).await?;
    let sent = seen.strip_prefix(&format!("00-{TRACE}-")).and_then(|rest| rest.strip_suffix("-01 c=d")).expect("the same trace");
    assert!(sent != PARENT && sent != span.to_string(), "the outgoing call has a span of its own: {sent}");
    Ok(())
}
