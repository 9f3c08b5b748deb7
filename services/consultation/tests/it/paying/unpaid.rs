//! Sessions that nobody pays in time.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::refused;
use orchard_testkit::scissors::Side;
use pb::{CancelledBy, PaymentStatus, SessionStatus};

use super::walks::Walk;
use crate::booking::failed;
use crate::practice::hours;
use crate::schema::migrated;
use crate::world::{World, id};

#[tokio::test]
async fn an_unpaid_session_is_cancelled_by_itself_and_its_slot_is_free() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client, other) = (world.practice().await?, id(), id());
    let plan = world.plan(client, 50_000).await?;
    let [unpaid, paid] = [world.book(client, &practice, hours(48)).await?, world.book(client, &practice, hours(49)).await?];
    world.pay(client, &paid, &plan).await?;
    let late = "UPDATE consultation_sessions SET payment_due_at = now(), updated_at = now()";
    world.slice.schema.connect().await?.batch_execute(late).await?;
    world.slice.schema.until("SELECT count(*) FROM consultation_sessions WHERE session_status = 'cancelled'", 1).await?;
    let cancelled = world.session(client, &unpaid.session_id).await?;
    assert_eq!(
        (cancelled.session_status(), cancelled.cancelled_by(), cancelled.payment_status()),
        (SessionStatus::Cancelled, CancelledBy::Service, PaymentStatus::Pending)
    );
    assert_eq!(cancelled.payment_due_time, None);
    assert_eq!(refused(world.pay(client, &unpaid, &plan).await), failed("WRONG_SESSION_STATUS"));
    assert_eq!(world.session(client, &paid.session_id).await?.session_status(), SessionStatus::Scheduled);
    world.book(other, &practice, hours(48)).await?;
    Ok(())
}

/// The time counts, and not whether the sweep has cancelled the session.
#[tokio::test]
async fn a_session_is_not_paid_after_its_time_even_before_the_sweep() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 50_000).await?;
    let poor = world.plan(client, 0).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    let begun = world.book(client, &practice, hours(50)).await?;
    // The sweep waits for the professional.
    let mut lock = world.slice.schema.connect().await?;
    let transaction = lock.transaction().await?;
    transaction.batch_execute("SELECT id FROM health_professionals FOR UPDATE").await?;
    // One payment has begun, and its answer was lost.
    world.pay(client, &begun, &poor).await.expect_err("too little money");
    let begun_before = "INSERT INTO session_payments (id, session_id, attempt, family_plan_id, user_id, amount)
          VALUES ($1, $1, 7, $2, $3, 65.50)";
    let ids: [uuid::Uuid; 2] = [begun.session_id.parse()?, plan.parse()?];
    let database = world.slice.schema.connect().await?;
    database.execute(begun_before, &[&ids[0], &ids[1], &client]).await?;
    let intent = "INSERT INTO intents (id, kind, step, subject_id, due_at) VALUES ($1, 'payment', 'hold', $1, now() + INTERVAL '1 minute')";
    database.execute(intent, &[&ids[0]]).await?;
    let late = "UPDATE consultation_sessions SET payment_due_at = now(), updated_at = now()";
    database.batch_execute(late).await?;
    for session in [&session, &begun] {
        assert_eq!(refused(world.pay(client, session, &plan).await), failed("PAYMENT_OVERDUE"));
    }
    let begun = "UPDATE consultation_sessions SET session_date = now() - id_age * INTERVAL '1 hour', updated_at = now()
        FROM (SELECT id AS of, row_number() OVER (ORDER BY id) AS id_age FROM consultation_sessions) AS ages WHERE of = id";
    database.batch_execute(begun).await?;
    assert_eq!(refused(world.pay(client, &session, &plan).await), failed("SESSION_STARTED"));
    transaction.rollback().await?;
    world.settled().await?;
    assert_eq!(world.balance(&plan).await?, (50_000, 0));
    Ok(())
}

#[tokio::test]
async fn a_session_must_be_paid_in_half_an_hour_and_before_its_start() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let session = world.book(client, &practice, hours(48)).await?;
    let moved = world.reschedule(client, &session, hours(72)).await?;
    assert_eq!(moved.payment_due_time, session.payment_due_time, "a move gives no more time");
    // The next start is in half an hour at most.
    let half_hour = chrono::TimeDelta::minutes(30);
    let now = chrono::Utc::now();
    let next = (0..4).map(|half| hours(0) + half_hour * half).find(|start| *start > now + chrono::TimeDelta::seconds(20));
    let soon = world.book(id(), &practice, next.expect("a start")).await?;
    let due = (now + half_hour).min(next.expect("a start")).timestamp();
    assert!((soon.payment_due_time.expect("a time").seconds - due).abs() < 20);
    Ok(())
}

#[tokio::test]
async fn a_session_whose_payment_is_decided_is_not_cancelled() -> anyhow::Result<()> {
    let cut = Walk::start().await?;
    let world = &cut.world;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 10_000).await?;
    let decided = world.book(client, &practice, hours(48)).await?;
    cut.wallets.cut_after(1, Side::Before, true);
    world.pay(client, &decided, &plan).await.expect_err("the decision to take the money is written down");
    world.stop_workers().await?;
    assert!(cut.wallets.mend());
    // The sweep comes to this one after the other.
    let unpaid = world.book(client, &practice, hours(50)).await?;
    let late = "UPDATE consultation_sessions SET payment_due_at = now() - CASE id WHEN $1 THEN INTERVAL '1 minute' ELSE INTERVAL '0' END,
        updated_at = now()";
    world.slice.schema.connect().await?.execute(late, &[&decided.session_id.parse::<uuid::Uuid>()?]).await?;
    world.slice.schema.until("SELECT count(*) FROM consultation_sessions WHERE session_status = 'cancelled'", 1).await?;
    assert_eq!(world.session(client, &unpaid.session_id).await?.session_status(), SessionStatus::Cancelled);
    world.start_workers().await?;
    world.settled().await?;
    let read = world.session(client, &decided.session_id).await?;
    assert_eq!((read.session_status(), read.payment_status()), (SessionStatus::Scheduled, PaymentStatus::Paid));
    Ok(())
}

#[tokio::test]
async fn only_paid_sessions_take_place() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let session = world.book(client, &practice, hours(48)).await?;
    // Its time to be paid is not over.
    let begun = "UPDATE consultation_sessions SET session_date = now() - INTERVAL '1 hour',
        payment_due_at = now() + INTERVAL '1 hour', updated_at = now()";
    world.slice.schema.connect().await?.batch_execute(begun).await?;
    assert_eq!(refused(world.complete(practice.account, &session).await), failed("SESSION_UNPAID"));
    assert_eq!(refused(world.no_show(practice.account, &session).await), failed("SESSION_UNPAID"));
    Ok(())
}

/// What an earlier release has booked can be paid if it is to come, and takes place in any case if it has begun.
#[tokio::test]
async fn sessions_of_an_earlier_release_are_not_cancelled_for_want_of_payment() -> anyhow::Result<()> {
    let client = migrated().await?;
    client.batch_execute(include_str!("../../../migrations/2026-11-30-000063_payments/down.sql")).await?;
    client
        .batch_execute(
            "INSERT INTO users (id) VALUES (gen_random_uuid());
             INSERT INTO health_professionals (professional_name) VALUES ('Flora');
             INSERT INTO consultation_sessions (user_id, professional_id, session_date, session_cost)
             SELECT users.id, health_professionals.id, now() + age, cost FROM users, health_professionals, (VALUES
               (INTERVAL '-1 hour', 10), (INTERVAL '10 minutes', NULL), (INTERVAL '1 hour', 10), (INTERVAL '2 days', 0))
               AS given (age, cost)",
        )
        .await?;
    client.batch_execute(include_str!("../../../migrations/2026-11-30-000063_payments/up.sql")).await?;
    let query = "SELECT payment_status, payment_due_at IS NOT NULL, next_reminder_at IS NOT NULL
        FROM consultation_sessions ORDER BY session_date";
    let rows: Vec<(String, bool, bool)> =
        client.query(query, &[]).await?.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let row = |payment: &str, is_due, is_reminded| (payment.to_owned(), is_due, is_reminded);
    assert_eq!(
        rows,
        [row("pending", false, false), row("paid", false, false), row("pending", true, false), row("paid", false, true)]
    );
    Ok(())
}
