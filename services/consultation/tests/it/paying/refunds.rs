//! What cancellations give back. The rule's edges to the microsecond are tested beside it.

use orchard_proto::consultation::v1 as pb;
use pb::PaymentStatus::{Paid, Refunded};
use uuid::Uuid;

use super::wallets::Moved;
use crate::practice::{PRICE, Practice, hours};
use crate::world::{World, euros, id};

const HOUR: f64 = 3_600.0;

/// Who ends a session.
#[derive(Debug, Clone, Copy)]
enum By {
    Client,
    Professional,
    Operator,
    Suspension,
    ErasureOfProfessional,
    ErasureOfClient,
}

impl World {
    async fn end(&self, by: By, session: &pb::Session, client: Uuid, practice: &Practice) -> anyhow::Result<()> {
        match by {
            By::Client => drop(self.cancel(client, session).await?),
            By::Professional => drop(self.cancel(practice.account, session).await?),
            By::Operator => drop(self.cancel_as_operator(session).await?),
            By::Suspension => drop(self.suspend(&practice.id, "Complaints").await?),
            By::ErasureOfProfessional => drop(self.erase(practice.account).await?),
            By::ErasureOfClient => drop(self.erase(client).await?),
        }
        Ok(())
    }
}

#[tokio::test]
async fn each_cancellation_gives_back_its_part_once() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let rate = 4_999;
    for (by, seconds, refunded) in [
        (By::Client, 24.0 * HOUR + 30.0, rate),
        (By::Client, 24.0 * HOUR - 1.0, 2_500),
        (By::Client, 2.0 * HOUR + 30.0, 2_500),
        (By::Client, 2.0 * HOUR - 1.0, 0),
        (By::Client, 60.0, 0),
        (By::Professional, 60.0, rate),
        (By::Professional, -HOUR, rate),
        (By::Operator, 60.0, rate),
        (By::Operator, -HOUR, rate),
        (By::Suspension, 60.0, rate),
        (By::ErasureOfProfessional, 60.0, rate),
        (By::ErasureOfClient, 24.0 * HOUR + 30.0, rate),
        (By::ErasureOfClient, 24.0 * HOUR - 1.0, 2_500),
        (By::ErasureOfClient, 60.0, 0),
    ] {
        let (practice, client) = (world.practice().await?, id());
        let plan = world.plan(client, 10_000).await?;
        world.set("consultation_rate = 49.99").await?;
        let request = pb::BookSessionRequest { price: euros(rate), ..crate::practice::wanted(&practice, hours(48)) };
        let session = world.book_as(client, request).await?;
        world.pay(client, &session, &plan).await?;
        world.begins_in(&session, seconds).await?;
        world.end(by, &session, client, &practice).await?;
        world.settled().await?;
        let what = format!("{by:?} {seconds}");
        assert_eq!(world.balance(&plan).await?, (10_000 - rate + refunded, 0), "{what}");
        let moved = Moved { captured: rate, refunded, held: 0 };
        assert_eq!(world.moved(&session.session_id).await?, moved, "{what}");
        if !matches!(by, By::ErasureOfClient) {
            let read = world.session(client, &session.session_id).await?;
            let status = if refunded > 0 { Refunded } else { Paid };
            assert_eq!(read.session_status(), pb::SessionStatus::Cancelled, "{what}");
            assert_eq!(read.payment_status(), status, "{what}");
            let amount = Some(refunded).filter(|cents| *cents > 0).and_then(euros);
            assert_eq!((read.refunded_amount, read.pending_refund_amount), (amount, None), "{what}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_move_gives_no_more_back_than_a_cancellation_would_have() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let practice = world.practice().await?;
    for (moved_before, by_client, refunded) in
        [(30.0 * HOUR, true, PRICE), (5.0 * HOUR, true, PRICE / 2), (5.0 * HOUR, false, PRICE)]
    {
        let client = id();
        let plan = world.plan(client, 10_000).await?;
        let session = world.book(client, &practice, hours(48)).await?;
        world.pay(client, &session, &plan).await?;
        world.begins_in(&session, moved_before).await?;
        let session = world.session(client, &session.session_id).await?;
        let session = world.reschedule(client, &session, hours(24 * 10)).await?;
        assert_eq!(session.payment_status(), Paid);
        // Another move, long before the start, gives nothing back of what the first one has cost.
        let session = world.reschedule(client, &session, hours(24 * 11)).await?;
        let cancelled = world.cancel(if by_client { client } else { practice.account }, &session).await?;
        assert_eq!((cancelled.payment_status(), cancelled.refunded_amount), (Refunded, euros(refunded)));
        assert_eq!(world.balance(&plan).await?, (10_000 - PRICE + refunded, 0));
    }
    Ok(())
}

#[tokio::test]
async fn a_refund_that_the_wallet_refuses_stays_due_until_it_takes_it() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, PRICE).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    world.pay(client, &session, &plan).await?;
    // The wallet is full.
    world.deposit(&plan, 9_999_999_999).await?;
    let cancelled = world.cancel(client, &session).await?;
    assert_eq!(cancelled.payment_status(), Paid);
    assert_eq!((cancelled.refunded_amount, cancelled.pending_refund_amount), (None, euros(PRICE)));
    let failing = "SELECT count(*) FROM intents WHERE last_failure = 'FAILED_PRECONDITION BALANCE_LIMIT_REACHED'";
    world.slice.schema.connect().await?.batch_execute("UPDATE intents SET due_at = now()").await?;
    world.slice.schema.until(failing, 1).await?;
    assert_eq!(world.moved(&session.session_id).await?, Moved { captured: PRICE, refunded: 0, held: 0 });

    let spend = orchard_proto::family::v1::SpendRequest {
        family_plan_id: plan.clone(),
        amount: euros(PRICE),
        reason: "Apples".to_owned(),
        request_id: id().to_string(),
    };
    let wallet = world.family().user(client)?;
    orchard_proto::family::v1::wallet_service_client::WalletServiceClient::new(wallet).spend(spend).await?;
    world.settled().await?;
    let read = world.session(client, &session.session_id).await?;
    assert_eq!((read.payment_status(), read.refunded_amount, read.pending_refund_amount), (Refunded, euros(PRICE), None));
    assert_eq!(world.balance(&plan).await?, (9_999_999_999, 0));
    Ok(())
}

#[tokio::test]
async fn a_refund_goes_to_a_closed_plan_too() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 10_000).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    world.pay(client, &session, &plan).await?;
    world.close(&plan, client).await?;
    assert_eq!(world.cancel(client, &session).await?.payment_status(), Refunded);
    assert_eq!(world.balance(&plan).await?, (10_000, 0));
    Ok(())
}
