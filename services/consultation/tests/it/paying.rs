//! Paying sessions from wallets of family plans.

mod intents;
mod races;
mod refunds;
mod reminders;
mod unpaid;
mod walks;
mod wallets;

use orchard_proto::consultation::v1 as pb;
use orchard_proto::family::v1::MemberRole;
use orchard_testkit::answer::{metadata, refused, violations};
use pb::PaymentStatus::{Paid, Pending};
use tonic::Code;

use crate::booking::failed;
use crate::practice::{PRICE, hours, wanted};
use crate::world::{World, euros, id};
use wallets::Moved;

#[tokio::test]
async fn a_session_is_paid_once_from_a_wallet() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 10_000).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    assert_eq!(session.payment_status(), Pending);
    let due = session.payment_due_time.expect("a time").seconds;
    assert_eq!(due - session.create_time.expect("a time").seconds, 30 * 60);
    let paid = world.pay(client, &session, &plan).await?;
    assert_eq!(paid, pb::Session { payment_due_time: None, update_time: paid.update_time, ..with(Paid, &session) });
    for _ in 0..3 {
        assert_eq!(world.pay(client, &session, &plan).await?, paid);
    }
    assert_eq!(world.balance(&plan).await?, (10_000 - PRICE, 0));
    assert_eq!(world.moved(&session.session_id).await?, Moved { captured: PRICE, refunded: 0, held: 0 });
    assert_eq!(world.session(practice.account, &session.session_id).await?.payment_status(), Paid);
    Ok(())
}

fn with(status: pb::PaymentStatus, session: &pb::Session) -> pb::Session {
    pb::Session { payment_status: status.into(), ..session.clone() }
}

#[tokio::test]
async fn a_refused_payment_leaves_the_booking_unharmed() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client, holder) = (world.practice().await?, id(), id());
    let session = world.book(client, &practice, hours(48)).await?;
    let [rich, poor, foreign, closed] = [
        world.plan(holder, 20_000).await?,
        world.plan(client, 1_000).await?,
        world.plan(holder, 9_000).await?,
        world.plan(client, 9_000).await?,
    ];
    world.close(&closed, client).await?;
    world.join(&rich, holder, client, MemberRole::Guest).await?;
    let not_found = |reason: &str| (Code::NotFound, reason.to_owned());
    let denied = |reason: &str| (Code::PermissionDenied, reason.to_owned());

    let refusal = world.pay(client, &session, &poor).await.expect_err("too little");
    assert_eq!(metadata(&refusal, "shortfall").as_deref(), Some("55.50"));
    assert_eq!(refused::<()>(Err(refusal)), failed("INSUFFICIENT_FUNDS"));
    assert_eq!(refused(world.pay(client, &session, &foreign).await), not_found("PLAN_NOT_FOUND"));
    assert_eq!(refused(world.pay(client, &session, &id().to_string()).await), not_found("PLAN_NOT_FOUND"));
    assert_eq!(refused(world.pay(client, &session, &closed).await), failed("PLAN_INACTIVE"));
    assert_eq!(refused(world.pay(client, &session, &rich).await), denied("SPENDING_NOT_PERMITTED"), "a guest");
    // Neither strangers nor the professional pay.
    assert_eq!(refused(world.pay(holder, &session, &rich).await), not_found("SESSION_NOT_FOUND"));
    assert_eq!(refused(world.pay(practice.account, &session, &rich).await), denied("NOT_CLIENT"));

    let request = |cents| pb::PaySessionRequest {
        session_id: session.session_id.clone(),
        family_plan_id: poor.clone(),
        price: euros(cents),
    };
    let refusal = world.pay_with(client, request(PRICE - 1)).await.expect_err("another price");
    assert_eq!(metadata(&refusal, "price").as_deref(), Some("65.50"));
    assert_eq!(refused::<()>(Err(refusal)), failed("PRICE_CHANGED"));
    let mut dollars = request(PRICE);
    dollars.price.as_mut().expect("a price").currency_code = "USD".to_owned();
    assert_eq!(violations(world.pay_with(client, dollars).await), ["price"]);
    assert_eq!(
        violations(world.pay_with(client, pb::PaySessionRequest::default()).await),
        ["session_id", "family_plan_id", "price"]
    );

    assert_eq!(world.session(client, &session.session_id).await?.payment_status(), Pending);
    assert_eq!(world.count("SELECT count(*) FROM session_payments").await?, 0, "nothing is left of them");
    assert_eq!(world.count("SELECT count(*) FROM intents").await?, 0);
    world.deposit(&poor, 9_000).await?;
    assert_eq!(world.pay(client, &session, &poor).await?.payment_status(), Paid);
    assert_eq!(world.balance(&poor).await?, (10_000 - PRICE, 0));
    Ok(())
}

#[tokio::test]
async fn a_daily_limit_holds_for_sessions_too() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client, holder) = (world.practice().await?, id(), id());
    let plan = world.plan(holder, 50_000).await?;
    world.join(&plan, holder, client, MemberRole::Member).await?;
    let limits = "UPDATE family_members SET permissions = jsonb_build_object('daily_spend_limit', '100.00'), updated_at = now()
        WHERE user_id = $1";
    world.family().schema.connect().await?.execute(limits, &[&client]).await?;
    let [first, second] = [world.book(client, &practice, hours(48)).await?, world.book(client, &practice, hours(49)).await?];
    world.pay(client, &first, &plan).await?;
    let refusal = world.pay(client, &second, &plan).await.expect_err("too much for a day");
    assert_eq!(metadata(&refusal, "remaining").as_deref(), Some("34.50"));
    assert_eq!(refused::<()>(Err(refusal)), failed("DAILY_LIMIT_REACHED"));
    Ok(())
}

#[tokio::test]
async fn a_guardian_pays_for_a_child_who_does_not() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, guardian) = (world.practice().await?, id());
    let plan = world.plan(guardian, 10_000).await?;
    let child = world.child_of(guardian).await?;
    let request = pb::BookSessionRequest { user_id: child.to_string(), ..wanted(&practice, hours(48)) };
    let session = world.book_as(guardian, request).await?;
    let denied = (Code::PermissionDenied, "NOT_CLIENT".to_owned());
    assert_eq!(refused(world.pay(child, &session, &plan).await), denied);
    assert_eq!(world.pay(guardian, &session, &plan).await?.payment_status(), Paid);
    Ok(())
}

#[tokio::test]
async fn what_is_free_is_paid_at_once_and_moves_no_money() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 1_000).await?;
    world.set("consultation_rate = 0").await?;
    let request = pb::BookSessionRequest { price: euros(0), ..wanted(&practice, hours(48)) };
    let session = world.book_as(client, request).await?;
    assert_eq!((session.payment_status(), session.payment_due_time), (Paid, None));
    assert_eq!(world.pay(client, &session, &plan).await?, session);
    let cancelled = world.cancel(client, &session).await?;
    assert_eq!((cancelled.payment_status(), cancelled.refunded_amount, cancelled.pending_refund_amount), (Paid, None, None));
    assert_eq!(world.balance(&plan).await?, (1_000, 0));
    Ok(())
}
