//! Payments across processes: in one trace, and whole while processes are killed.

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::booking_service_client::BookingServiceClient;
use orchard_proto::consultation::v1::payment_service_client::PaymentServiceClient;
use orchard_proto::consultation::v1::session_service_client::SessionServiceClient;
use orchard_proto::consultation::v1::verification_service_client::VerificationServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::family::v1::{CreatePlanRequest, DepositRequest};
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::collector::SpanKind;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::program::Program;
use orchard_testkit::service::{channel, free_address};
use prost_types::Timestamp;
use tokio::task::JoinSet;
use tonic::Request;
use uuid::Uuid;

use crate::programs::{Programs, orchard};
use crate::suite::{euros, id};
use crate::traces::{PARENT, Trace, traced};

/// A professional who is open at all times.
const PROFESSIONAL: &str =
    "INSERT INTO health_professionals (professional_name, consultation_rate, verification_status, available_time_slots)
    VALUES ('Flora', 3, 'verified', jsonb_build_object(
      'time_zone', 'Europe/Berlin', 'overrides', '{}'::jsonb,
      'weekly', (SELECT jsonb_agg(jsonb_build_array(jsonb_build_object('start', 0, 'end', 1440))) FROM generate_series(1, 7)),
      'grid', '{\"slot_minutes\": 30, \"step_minutes\": 30}'::jsonb,
      'buffers', '{\"before_minutes\": 0, \"after_minutes\": 0}'::jsonb,
      'limits', '{\"notice_minutes\": 0, \"horizon_days\": 366}'::jsonb)) RETURNING id";

pub async fn professional(schema: &Schema) -> anyhow::Result<Uuid> {
    Ok(schema.connect().await?.query_one(PROFESSIONAL, &[]).await?.get(0))
}

/// A request for a session that begins so many half hours after a whole hour in two days.
pub fn booking(professional: Uuid, slot: i64) -> pb::BookSessionRequest {
    let hour = chrono::Utc::now().timestamp() / 3_600 * 3_600;
    pb::BookSessionRequest {
        professional_id: professional.to_string(),
        start_time: Some(Timestamp { seconds: hour + 48 * 3_600 + slot * 1_800, nanos: 0 }),
        session_type: pb::SessionType::Video.into(),
        price: euros(3),
        user_id: String::new(),
        request_id: id().to_string(),
    }
}

/// Creates a plan with money, at a family service.
async fn plan(holder: Client, billing: Client) -> anyhow::Result<String> {
    let request =
        CreatePlanRequest { family_name: "The Appletons".to_owned(), time_zone: "UTC".to_owned(), request_id: id().to_string() };
    let plan = PlanServiceClient::new(holder).create_plan(request).await?.into_inner().plan.expect("a plan").family_plan_id;
    let deposit = DepositRequest {
        family_plan_id: plan.clone(),
        amount: euros(100),
        reference: id().to_string(),
        reason: "Top-up".to_owned(),
    };
    WalletServiceClient::new(billing).deposit(deposit).await?;
    Ok(plan)
}

const PAY: &str = "orchard.consultation.v1.PaymentService/PaySession";
const SUSPEND: &str = "orchard.consultation.v1.VerificationService/SuspendProfessional";

#[tokio::test]
async fn a_payment_is_one_trace_and_so_is_a_refund_that_a_worker_gives() -> anyhow::Result<()> {
    let programs = Programs::start(&[("ORCHARD_SESSION_PERIOD", "50ms".to_owned())]).await?;
    let (client, schema) = (id(), programs.consultation.schema.clone());
    let professional = professional(&schema).await?;
    let plan = plan(programs.user(client)?, programs.service("billing", &programs.family)?).await?;
    let booked = BookingServiceClient::new(programs.user(client)?).book_session(booking(professional, 0)).await?;
    let session_id = booked.into_inner().session.expect("a session").session_id;
    let pay = pb::PaySessionRequest { session_id, family_plan_id: plan, price: euros(3) };
    PaymentServiceClient::new(programs.user(client)?).pay_session(traced(pay)).await?;
    let operator = programs.keys.user_token(id(), &["operator"], Duration::from_secs(600))?;
    let operator = Headers::bearer(&operator)?.on(channel(programs.edge.address)?);
    let suspend = pb::SuspendProfessionalRequest { professional_id: professional.to_string(), note: "Complaints".to_owned() };
    VerificationServiceClient::new(operator).suspend_professional(traced(suspend)).await?;
    schema.until("SELECT count(*) FROM consultation_sessions WHERE payment_status = 'refunded'", 1).await?;

    let (collector, _logs) = programs.stop().await?;
    let trace = Trace::of(&collector);
    let routed = trace.child(PARENT, "orchard-edge", PAY, SpanKind::Server);
    let paid = trace.call(&routed.span_id, "orchard-consultation", PAY);
    for step in ["CreateHold", "CaptureHold"] {
        let method = format!("orchard.family.v1.HoldService/{step}");
        let sent = trace.child(&paid.span_id, "orchard-consultation", &method, SpanKind::Client);
        trace.child(&sent.span_id, "orchard-family", &method, SpanKind::Server);
    }
    let routed = trace.child(PARENT, "orchard-edge", SUSPEND, SpanKind::Server);
    let suspended = trace.call(&routed.span_id, "orchard-consultation", SUSPEND);
    let unit = trace.child(&suspended.span_id, "orchard-consultation", "decide about professional", SpanKind::Internal);
    let refund = trace.child(&unit.span_id, "orchard-consultation", "intent", SpanKind::Internal);
    let method = "orchard.family.v1.HoldService/RefundHold";
    let sent = trace.child(&refund.span_id, "orchard-consultation", method, SpanKind::Client);
    trace.child(&sent.span_id, "orchard-family", method, SpanKind::Server);
    Ok(())
}

/// A process that is killed and started again at the same address.
struct Mortal {
    service: &'static str,
    settings: Vec<(&'static str, String)>,
    keys: Arc<DevKeys>,
    program: Program,
}

impl Mortal {
    async fn start(
        service: &'static str,
        keys: &Arc<DevKeys>,
        mut settings: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Self> {
        settings.push(("ORCHARD_WORKLOAD_KEY_FILE", keys.workload_key_file(service).display().to_string()));
        let program = Program::start(orchard(service, "serve"), keys, &settings).await?;
        Ok(Self { service, settings, keys: Arc::clone(keys), program })
    }

    async fn kill(&mut self) -> anyhow::Result<()> {
        self.program.child.kill().await?;
        self.program = Program::start(orchard(self.service, "serve"), &self.keys, &self.settings).await?;
        Ok(())
    }
}

/// A client who books, pays and perhaps cancels, and repeats what is not answered.
async fn consult(headers: Headers, address: std::net::SocketAddr, request: pb::BookSessionRequest, plan: String, cancels: bool) {
    let Ok(channel) = channel(address) else { return };
    let client = headers.on(channel);
    let mut booked = None;
    for _ in 0..200 {
        match BookingServiceClient::new(client.clone()).book_session(Request::new(request.clone())).await {
            Ok(answer) => booked = answer.into_inner().session,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        if booked.is_some() {
            break;
        }
    }
    let Some(session) = booked else { return };
    let pay = pb::PaySessionRequest { session_id: session.session_id.clone(), family_plan_id: plan, price: euros(3) };
    // Some come back once, and some do not.
    for _ in 0..2 {
        if PaymentServiceClient::new(client.clone()).pay_session(pay.clone()).await.is_ok() {
            break;
        }
    }
    if cancels {
        let cancel = pb::CancelSessionRequest { session_id: session.session_id, cancel_reason: String::new() };
        let _ = SessionServiceClient::new(client).cancel_session(cancel).await;
    }
}

/// Kills consultation and family in turn while 16 clients at a time book, pay and cancel; with ORCHARD_SOAK, sixty times.
#[tokio::test]
async fn killed_processes_lose_no_money() -> anyhow::Result<()> {
    let kills = if std::env::var_os("ORCHARD_SOAK").is_some() { 60 } else { 4 };
    let keys = Arc::new(DevKeys::ephemeral()?);
    let (wallets, sessions) = (Schema::create().await?, Schema::create().await?);
    wallets.migrate(<orchard_family::Service as orchard_server::Slice>::migrations()).await?;
    sessions.migrate(<orchard_consultation::Service as orchard_server::Slice>::migrations()).await?;
    let [family_at, consultation_at] = [free_address(), free_address()];
    let nobody = || ("ORCHARD_SOCIAL_URL", "http://127.0.0.1:1".to_owned());
    let at = |address: std::net::SocketAddr| ("ORCHARD_LISTEN", address.to_string());
    let family = vec![nobody(), at(family_at), ("DATABASE_URL", wallets.url().to_owned())];
    let mut family = Mortal::start("family", &keys, family).await?;
    let consultation = vec![
        nobody(),
        at(consultation_at),
        ("DATABASE_URL", sessions.url().to_owned()),
        ("ORCHARD_FAMILY_URL", format!("http://{family_at}")),
        ("ORCHARD_SESSION_PERIOD", "50ms".to_owned()),
    ];
    let mut consultation = Mortal::start("consultation", &keys, consultation).await?;
    let professional = professional(&sessions).await?;
    let ttl = Duration::from_secs(3_600);
    let mut plans = Vec::new();
    for _ in 0..16 {
        let holder = id();
        let headers = Headers::bearer(&keys.user_token(holder, &[], ttl)?)?;
        let billing = Headers::bearer(&keys.workload_token("billing", ttl)?)?.on(channel(family_at)?);
        plans.push((headers.clone(), plan(headers.on(channel(family_at)?), billing).await?));
    }
    let mut random = fastrand::Rng::with_seed(22);
    for kill in 0..kills {
        let mut clients = JoinSet::new();
        for (number, (headers, plan)) in plans.iter().enumerate() {
            let slot = kill * 16 + i64::try_from(number)?;
            let (headers, request) = (headers.clone(), booking(professional, slot));
            clients.spawn(consult(headers, consultation_at, request, plan.clone(), random.bool() || kill > 8));
        }
        tokio::time::sleep(Duration::from_millis(random.u64(5..150))).await;
        if kill % 2 == 0 {
            consultation.kill().await?
        } else {
            family.kill().await?
        }
        clients.join_all().await;
    }
    // Time passes, until nothing is under way.
    let client = sessions.connect().await?;
    let settled = async {
        while client.query_one("SELECT count(*) FROM intents", &[]).await?.get::<_, i64>(0) > 0 {
            client.execute("UPDATE intents SET due_at = now() WHERE due_at > now() + INTERVAL '500 ms'", &[]).await?;
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(120), settled).await??;
    let query =
        "SELECT id::text, payment_status, session_status, (COALESCE(refund_amount, 0) * 100)::bigint FROM consultation_sessions";
    let (mut paid, wallets) = (0, wallets.connect().await?);
    for row in client.query(query, &[]).await? {
        let (session, payment, status, refund): (String, String, String, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
        let moved = "SELECT (COALESCE(sum(captured_amount), 0) * 100)::bigint, (COALESCE(sum(refunded_amount), 0) * 100)::bigint
            FROM wallet_holds WHERE reference LIKE $1";
        let moved = wallets.query_one(moved, &[&format!("{session}/%")]).await?;
        let (captured, refunded): (i64, i64) = (moved.get(0), moved.get(1));
        let what = format!("{session}: {payment}, {status}");
        assert_eq!(captured, if payment == "pending" { 0 } else { 300 }, "{what}");
        assert_eq!(refunded, if payment == "refunded" { refund } else { 0 }, "{what}");
        assert!(status != "cancelled" || payment != "paid", "{what}: all is given back two days before");
        paid += i64::from(payment != "pending");
    }
    assert!(paid > 0, "somebody has paid");
    let held = "SELECT count(*) FROM wallet_holds WHERE status = 'held' AND expires_at > now()";
    assert_eq!(wallets.query_one(held, &[]).await?.get::<_, i64>(0), 0, "nothing is held for nobody");
    Ok(())
}
