use orchard_proto::edge::v1::GetFamilyDashboardRequest;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::family::v1::{CreatePlanRequest, DepositRequest, SpendRequest};
use orchard_testkit::collector::{Collector, Span, SpanKind};
use orchard_testkit::scrape::Metrics;
use tonic::Request;

use crate::programs::Programs;
use crate::suite::{euros, id};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
pub const PARENT: &str = "b7ad6b7169203331";
const DASHBOARD: &str = "orchard.edge.v1.EdgeService/GetFamilyDashboard";
const SUMMARY: &str = "orchard.family.v1.PlanService/GetFamilySummary";
const COUNT: &str = "orchard.social.v1.ChallengeService/CountActiveChallenges";
const CREATE: &str = "orchard.family.v1.PlanService/CreatePlan";
const SPEND: &str = "orchard.family.v1.WalletService/Spend";

/// Returns a request within a trace.
pub fn traced<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().expect("a header"));
    request
}

/// The spans of one trace.
pub struct Trace(Vec<Span>);

impl Trace {
    /// Returns the spans of the trace of [`traced`] requests.
    pub fn of(collector: &Collector) -> Self {
        Self(collector.spans().into_iter().filter(|span| span.trace_id == TRACE).collect())
    }

    fn children(&self, of: &str) -> Vec<&Span> {
        self.0.iter().filter(|span| span.parent_id == of).collect()
    }

    /// Returns the only child span with this service, name and kind.
    #[track_caller]
    pub fn child(&self, of: &str, service: &str, name: &str, kind: SpanKind) -> &Span {
        let is_it = |span: &&&Span| (span.service(), span.name.as_str(), span.kind) == (service, name, kind);
        let children = self.children(of);
        let found: Vec<_> = children.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{service} {name} {kind:?} below {of}: {children:#?}");
        found[0]
    }

    /// Returns the names of the statements below a span, and checks their attributes by the conventions.
    fn statements(&self, of: &Span) -> Vec<&str> {
        let statements: Vec<_> = self.children(&of.span_id).into_iter().filter(|span| span.kind == SpanKind::Client).collect();
        for statement in &statements {
            assert_eq!(statement.attribute("db.system.name"), "postgresql");
            assert_eq!(statement.attribute("db.query.summary"), statement.name);
            let text = statement.attribute("db.query.text");
            assert!(text.contains(statement.name.split(' ').next().expect("a word")) && !text.contains("binds"), "{text}");
            assert!(
                statement.nanos > 0 && statement.nanos <= of.nanos,
                "a statement takes part of the unit's time: {statement:?}"
            );
        }
        statements.iter().map(|span| span.name.as_str()).collect()
    }

    /// Checks the spans of a call at the edge and at the slice, and returns the latter.
    pub fn call(&self, of: &str, service: &str, method: &str) -> &Span {
        let sent = self.child(of, "orchard-edge", method, SpanKind::Client);
        let served = self.child(&sent.span_id, service, method, SpanKind::Server);
        for span in [sent, served] {
            let named = ["rpc.system.name", "rpc.method", "rpc.response.status_code"].map(|name| span.attribute(name));
            assert_eq!(named, ["grpc", method, "OK"]);
            assert!(!span.is_error);
        }
        assert_eq!((sent.attribute("server.address"), sent.attribute("orchard.attempts")), ("127.0.0.1", "1"));
        served
    }
}

#[tokio::test]
async fn a_call_is_one_trace_through_services_statements_and_the_effects_of_its_event() -> anyhow::Result<()> {
    let programs = Programs::start(&[]).await?;
    let holder = id();
    let plan =
        CreatePlanRequest { family_name: "The Appletons".to_owned(), time_zone: "UTC".to_owned(), request_id: id().to_string() };
    let made = PlanServiceClient::new(programs.user(holder)?).create_plan(traced(plan)).await?.into_inner().plan;
    let plan = made.expect("a plan").family_plan_id;
    let deposit = DepositRequest {
        family_plan_id: plan.clone(),
        amount: euros(10),
        reference: "pay-1".to_owned(),
        reason: "Top-up".to_owned(),
    };
    WalletServiceClient::new(programs.service("billing", &programs.family)?).deposit(deposit).await?;

    let dashboard = GetFamilyDashboardRequest { family_plan_id: plan.clone() };
    EdgeServiceClient::new(programs.user(holder)?).get_family_dashboard(traced(dashboard)).await?;
    let spend = SpendRequest { family_plan_id: plan, amount: euros(3), reason: "Pears".to_owned(), request_id: id().to_string() };
    WalletServiceClient::new(programs.user(holder)?).spend(traced(spend)).await?;

    programs.all_delivered().await?;

    let edge = Metrics::of(programs.edge.admin_address).await?;
    for (method, calls) in [(SUMMARY, 1.0), (COUNT, 1.0), (SPEND, 1.0)] {
        let labels = [("rpc_method", method), ("server_address", "127.0.0.1"), ("rpc_response_status_code", "OK")];
        assert_eq!(edge.sum("rpc_client_call_duration_seconds_count", &labels), calls, "{method}\n{}", edge.text());
    }
    let family = Metrics::of(programs.family.program.admin_address).await?;
    assert_eq!(family.sum("orchard_unit_duration_seconds_count", &[("unit", "spend"), ("outcome", "done")]), 1.0);
    assert_eq!(family.sum("db_client_connection_max", &[]), 16.0);
    assert_eq!(family.sum("db_client_connection_pending_requests", &[]), 0.0);
    assert_eq!(family.sum("db_client_connection_count", &[("db_client_connection_state", "used")]), 0.0);
    assert!(family.sum("db_client_connection_count", &[("db_client_connection_state", "idle")]) >= 1.0);
    assert!(family.sum("db_client_connection_wait_time_seconds_count", &[]) >= 3.0, "{}", family.text());

    let (collector, _logs) = programs.stop().await?;
    let trace = Trace::of(&collector);

    let dashboard = trace.child(PARENT, "orchard-edge", DASHBOARD, SpanKind::Server);
    let summary = trace.call(&dashboard.span_id, "orchard-family", SUMMARY);
    let statements = trace.statements(summary);
    assert_eq!(statements.len(), 2, "reads without a transaction: {statements:?}");
    let count = trace.call(&dashboard.span_id, "orchard-social", COUNT);
    assert_eq!(trace.statements(count).len(), 1, "a read without a transaction");

    let routed = trace.child(PARENT, "orchard-edge", SPEND, SpanKind::Server);
    let served = trace.call(&routed.span_id, "orchard-family", SPEND);
    let unit = trace.child(&served.span_id, "orchard-family", "spend", SpanKind::Internal);
    let statements = trace.statements(unit);
    for expected in ["BEGIN", "INSERT idempotency_keys", "UPDATE family_plans", "INSERT wallet_entries", "COMMIT"] {
        assert_eq!(statements.iter().filter(|name| **name == expected).count(), 1, "{expected} in {statements:?}");
    }

    // The effect of the event in the social slice belongs to the same trace.
    let routed = trace.child(PARENT, "orchard-edge", CREATE, SpanKind::Server);
    let served = trace.call(&routed.span_id, "orchard-family", CREATE);
    let unit = trace.child(&served.span_id, "orchard-family", "create plan", SpanKind::Internal);
    assert!(trace.statements(unit).contains(&"INSERT outbox"));
    let effect = trace.child(&unit.span_id, "orchard-social", "apply event", SpanKind::Internal);
    let statements = trace.statements(effect);
    assert!(!statements.is_empty(), "the effect writes");
    Ok(())
}
