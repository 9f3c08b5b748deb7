//! Sessions that nobody pays in time.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::refused;
use pb::{CancelledBy, PaymentStatus, SessionStatus};

use crate::booking::failed;
use crate::practice::hours;
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

/// Whoever looks first after the time is over, nobody pays any more.
#[tokio::test]
async fn a_session_is_not_paid_after_its_time_even_before_the_sweep() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 50_000).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    // The sweep waits for the professional.
    let mut lock = world.slice.schema.connect().await?;
    let transaction = lock.transaction().await?;
    transaction.batch_execute("SELECT id FROM health_professionals FOR UPDATE").await?;
    let late = "UPDATE consultation_sessions SET payment_due_at = now(), updated_at = now()";
    world.slice.schema.connect().await?.batch_execute(late).await?;
    assert_eq!(refused(world.pay(client, &session, &plan).await), failed("PAYMENT_OVERDUE"));
    transaction.rollback().await?;
    assert_eq!(world.balance(&plan).await?, (50_000, 0));
    Ok(())
}

#[tokio::test]
async fn a_moved_session_must_be_paid_before_its_new_start() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let session = world.book(client, &practice, hours(48)).await?;
    let moved = world.reschedule(client, &session, hours(72)).await?;
    assert_eq!(moved.payment_due_time, session.payment_due_time);
    Ok(())
}

#[tokio::test]
async fn only_paid_sessions_take_place() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let session = world.book(client, &practice, hours(48)).await?;
    // Its payment is under way, perhaps, so that it is not cancelled.
    let begun = "UPDATE consultation_sessions SET session_date = now() - INTERVAL '1 hour',
        payment_due_at = now() + INTERVAL '1 hour', updated_at = now()";
    world.slice.schema.connect().await?.batch_execute(begun).await?;
    assert_eq!(refused(world.complete(practice.account, &session).await), failed("SESSION_UNPAID"));
    assert_eq!(refused(world.no_show(practice.account, &session).await), failed("SESSION_UNPAID"));
    Ok(())
}
