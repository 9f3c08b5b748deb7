//! Payments beside other changes of the same session.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::client::insist;
use pb::PaymentStatus::{Paid, Pending, Refunded};
use pb::SessionStatus::{Cancelled, Completed, NoShow, Scheduled};
use tokio::task::JoinSet;

use super::wallets::Moved;
use crate::practice::{PRICE, hours};
use crate::world::{World, id};

/// What holds of a session and its wallet when nothing is under way, whatever happened.
pub async fn check(world: &World, session: &pb::Session, what: &str) -> anyhow::Result<pb::Session> {
    world.settled().await?;
    let query = "SELECT session_status, payment_status, COALESCE(refund_amount * 100, 0)::bigint FROM consultation_sessions WHERE id = $1";
    let row = world.slice.schema.connect().await?.query_one(query, &[&session.session_id.parse::<uuid::Uuid>()?]).await?;
    let (status, payment, refund): (String, String, i64) = (row.get(0), row.get(1), row.get(2));
    let moved = world.moved(&session.session_id).await?;
    let what = format!("{what}: {status}, {payment}, {refund}, {moved:?}");
    assert_eq!(moved.held, 0, "{what}");
    assert_eq!(moved.captured, if payment == "pending" { 0 } else { PRICE }, "{what}");
    assert_eq!(moved.refunded, if payment == "refunded" { refund } else { 0 }, "{what}");
    assert!(payment == "refunded" || refund == 0, "{what}");
    assert!(!(status == "cancelled" && payment == "paid"), "all is given back here: {what}");
    Ok(world.session(session.user_id.parse()?, &session.session_id).await?)
}

#[tokio::test]
async fn of_many_payments_one_is_made() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plans = [world.plan(client, 100_000).await?, world.plan(client, 100_000).await?];
    for start in 48..52 {
        let session = world.book(client, &practice, hours(start)).await?;
        let mut calls = JoinSet::new();
        for number in 0..16 {
            let payments =
                orchard_proto::consultation::v1::payment_service_client::PaymentServiceClient::new(world.slice.user(client)?);
            let request = pb::PaySessionRequest {
                session_id: session.session_id.clone(),
                family_plan_id: plans[number % 2].clone(),
                price: session.session_cost.clone(),
            };
            calls.spawn(async move {
                let paid = insist(async || payments.clone().pay_session(request.clone()).await).await;
                paid.map(|answer| answer.into_inner().session.expect("a session").payment_status())
            });
        }
        for answer in calls.join_all().await {
            match answer {
                Ok(status) => assert_eq!(status, Paid),
                Err(refusal) => assert_eq!(orchard_testkit::answer::refused::<()>(Err(refusal)).1, "PAYMENT_IN_PROGRESS"),
            }
        }
        let read = check(&world, &session, "payments").await?;
        assert_eq!((read.session_status(), read.payment_status()), (Scheduled, Paid));
    }
    Ok(())
}

/// What is done beside a payment.
#[derive(Debug, Clone, Copy)]
enum Beside {
    Cancel,
    CallOff,
    Move,
    Unpaid,
    ClosePlan,
    LeavePlan,
    ExpireHold,
    Suspend,
}

#[tokio::test]
async fn a_payment_beside_each_other_change_is_whole_or_not_made() -> anyhow::Result<()> {
    use Beside::{CallOff, Cancel, ClosePlan, ExpireHold, LeavePlan, Move, Suspend, Unpaid};
    let world = World::with_family().await?;
    let holder = id();
    for beside in [Cancel, CallOff, Move, Unpaid, ClosePlan, LeavePlan, ExpireHold, Suspend].into_iter().cycle().take(24) {
        let (practice, client) = (world.practice().await?, id());
        let plan = world.plan(holder, 100_000).await?;
        world.join(&plan, holder, client, orchard_proto::family::v1::MemberRole::Member).await?;
        let session = world.book(client, &practice, hours(48)).await?;
        let other = async {
            match beside {
                Cancel => drop(world.cancel(client, &session).await),
                CallOff => drop(world.cancel(practice.account, &session).await),
                Move => drop(world.reschedule(client, &session, hours(50)).await),
                Suspend => drop(world.suspend(&practice.id, "Complaints").await),
                ClosePlan => drop(world.close(&plan, holder).await),
                LeavePlan => drop(world.remove(&plan, holder, client).await),
                Unpaid => {
                    let late = "UPDATE consultation_sessions SET payment_due_at = now(), updated_at = now()";
                    world.slice.schema.connect().await?.batch_execute(late).await?;
                }
                ExpireHold => {
                    let over = "UPDATE wallet_holds SET expires_at = now(), updated_at = now() WHERE status = 'held'";
                    let family = world.family().schema.connect().await?;
                    while family.execute(over, &[]).await? == 0
                        && world.moved(&session.session_id).await? == (Moved { captured: 0, refunded: 0, held: 0 })
                    {
                    }
                }
            }
            anyhow::Ok(())
        };
        let (paid, other) = tokio::join!(world.pay(client, &session, &plan), other);
        other?;
        if beside as i32 == Unpaid as i32 {
            let query = "SELECT count(*) FROM consultation_sessions
                WHERE session_status = 'scheduled' AND payment_status = 'pending' AND payment_due_at <= now()";
            world.slice.schema.until(query, 0).await?;
        }
        let read = check(&world, &session, &format!("{beside:?}, {paid:?}")).await?;
        if paid.is_ok() && read.session_status() == Scheduled {
            assert_eq!(read.payment_status(), Paid, "{beside:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn of_all_ends_of_a_paid_session_one_wins_and_the_money_fits() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    for _ in 0..8 {
        let (practice, client) = (world.practice().await?, id());
        let plan = world.plan(client, 10_000).await?;
        let session = world.book(client, &practice, hours(48)).await?;
        world.pay(client, &session, &plan).await?;
        world.begins_in(&session, -60.0).await?;
        let _ = tokio::join!(
            world.complete(practice.account, &session),
            world.no_show(practice.account, &session),
            world.cancel(practice.account, &session),
            world.cancel_as_operator(&session),
            world.cancel(client, &session),
        );
        let read = check(&world, &session, "ends").await?;
        match read.session_status() {
            Cancelled => assert_eq!(read.payment_status(), Refunded),
            Completed | NoShow => assert_eq!(read.payment_status(), Paid),
            other => panic!("{other:?}"),
        }
        assert_ne!(read.payment_status(), Pending);
    }
    Ok(())
}
