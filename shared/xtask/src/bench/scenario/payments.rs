//! Sessions that are booked and paid, of one professional from one wallet, and of many from many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use futures::FutureExt as _;
use orchard_proto::consultation::v1::booking_service_client::BookingServiceClient;
use orchard_proto::consultation::v1::payment_service_client::PaymentServiceClient;
use orchard_proto::consultation::v1::session_service_client::SessionServiceClient;
use orchard_proto::consultation::v1::{
    BookSessionRequest, CancelSessionRequest, PaySessionRequest, PaymentStatus, Session, SessionType,
};
use orchard_proto::google::r#type::Money;
use prost_types::Timestamp;
use tonic::Status;
use uuid::Uuid;

use crate::bench::calls::Clients;
use crate::bench::data::{id, plan, schedule};
use crate::bench::load::Call;
use crate::bench::report::{Finding, Outcome};
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds of CPU per session, roughly.
const COST: u64 = 8_000;
/// The kind of ids of professionals.
const PROFESSIONAL: u128 = 8;
/// Clients who have a wallet in common: the holder of the first plan, and holders of others.
const FELLOWS: u64 = 90;
/// Professionals, clients and wallets of the many.
const MANY: u64 = 1_000;

/// Everyone is open at all times.
const DATA: &str = "
INSERT INTO consultation.health_professionals (id, professional_name, consultation_rate, verification_status, available_time_slots)
SELECT ('01900000-0000-7000-8008-' || lpad(to_hex(n), 12, '0'))::uuid, 'Doctor N' || n, 0.01, 'verified', SCHEDULE
FROM generate_series(0, 1000) AS n;
UPDATE family.family_plans SET plan_type = 'custom', max_members = 100, active_members = active_members + 89, updated_at = now()
WHERE id = '01900000-0000-7000-8001-000000000001';
INSERT INTO family.family_members (family_plan_id, user_id, role)
SELECT '01900000-0000-7000-8001-000000000001', ('01900000-0000-7000-8002-' || lpad(to_hex(n), 12, '0'))::uuid, 'member'
FROM generate_series(2, 90) AS n;";

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    world.sql.batch_execute(&DATA.replace("SCHEDULE", &schedule("0"))).await?;
    for table in ["consultation.health_professionals", "family.family_members", "family.family_plans"] {
        world.sql.batch_execute(&format!("VACUUM (ANALYZE) {table}")).await?;
    }
    let clients = world.clients("edge").await?;
    let processes = world.processes(["edge", "consultation", "family"])?;
    let side = |name, is_one, cancels| Side::calls(name, processes.clone(), sessions(clients.clone(), is_one, cancels));
    let mut sides = vec![
        side("booked and paid", false, false),
        side("booked, paid, cancelled", false, true),
        side("the same of one professional, from one wallet", true, true),
    ];
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let exact: bool = world.sql.query_one(EXACT, &[]).await?.get(0);
    ensure!(exact, "what is paid is not what wallets have paid");
    let rate = |round: &Round| round.rate;
    let findings = vec![
        Finding::new("CPU of all services and PostgreSQL per session", "us", sides[0].each(Round::total)),
        Finding::new("sessions of one professional, from one wallet", "per s", sides[2].each(rate)),
        Finding::ratio("rate of one professional and wallet / of many", sides[2].ratio(rate, &sides[1], rate)),
    ];
    let what = "BookSession and PaySession through the edge, and in some sides CancelSession, as one call".to_owned();
    Ok(Outcome { what, sides, findings, ..Outcome::default() })
}

/// Books a session, pays it, and perhaps cancels it, because a client has at most 10 to come.
fn sessions(clients: Clients, is_one: bool, cancels: bool) -> Call {
    // Rounds go on where the last one ended: a time that is taken stays taken.
    let made = Arc::new(AtomicU64::new(0));
    let first = (Utc::now().date_naive() + Days::new(if cancels { 2 } else { 30 })).and_time(NaiveTime::MIN).and_utc();
    Arc::new(move |channel| {
        let number = made.fetch_add(1, Ordering::Relaxed);
        let (client, professional, turn) =
            if is_one { (number % FELLOWS + 1, 0, number) } else { (number % MANY + 1, number % MANY + 1, number / MANY) };
        let plan = plan(if is_one { 1 } else { client });
        // Within a year, after which times are free again.
        let start = first + TimeDelta::minutes(20) * i32::try_from(turn % 20_000).unwrap_or_default();
        let clients = clients.clone();
        async move {
            let channel = clients.channel(channel);
            let booking = clients.request(client, book(id(PROFESSIONAL, professional), start));
            let booked = BookingServiceClient::new(channel.clone()).book_session(booking).await?.into_inner().session;
            let session_id = booked.ok_or_else(|| Status::internal("no session"))?.session_id;
            let payment = PaySessionRequest { session_id: session_id.clone(), family_plan_id: plan.to_string(), price: cent() };
            let payment = clients.request(client, payment);
            let paid = PaymentServiceClient::new(channel.clone()).pay_session(payment).await?.into_inner().session;
            check(paid, PaymentStatus::Paid)?;
            if cancels {
                let cancel = CancelSessionRequest { session_id, cancel_reason: String::new() };
                let cancelled = SessionServiceClient::new(channel).cancel_session(clients.request(client, cancel)).await?;
                check(cancelled.into_inner().session, PaymentStatus::Refunded)?;
            }
            Ok(())
        }
        .boxed()
    })
}

fn check(session: Option<Session>, expected: PaymentStatus) -> Result<(), Status> {
    let status = session.map(|session| session.payment_status());
    if status == Some(expected) { Ok(()) } else { Err(Status::internal(format!("{status:?} instead of {expected:?}"))) }
}

fn book(professional: Uuid, start: DateTime<Utc>) -> BookSessionRequest {
    BookSessionRequest {
        professional_id: professional.to_string(),
        start_time: Some(Timestamp { seconds: start.timestamp(), nanos: 0 }),
        session_type: SessionType::Video.into(),
        price: cent(),
        user_id: String::new(),
        request_id: Uuid::new_v4().to_string(),
    }
}

fn cent() -> Option<Money> {
    Some(Money { currency_code: "EUR".to_owned(), units: 0, nanos: 10_000_000 })
}

/// Whether what is paid is what wallets have paid.
const EXACT: &str = "SELECT (SELECT count(*) FROM consultation.consultation_sessions WHERE payment_status <> 'pending')
    = (SELECT count(*) FROM family.wallet_entries WHERE service = 'consultation' AND kind = 'capture')";
