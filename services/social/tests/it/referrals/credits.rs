//! Rewards from claim to credit, and what is told of them.

use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use tonic::Code;

use super::{euros, text};
use crate::world::{DAY, World, id};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_reward_is_held_to_the_second_and_then_credited_for_good() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, referee] = [id(), id()];
    world.claim(referee, &world.code(referrer).await?).await?;
    world.buy(referee, "o", &[]).await?;
    world.clock.advance(DAY * 14 - SECOND * 60);
    let held = world.referral(referrer).await?;
    assert_eq!((held.reward_status(), text(held.reward_amount.clone())), (pb::RewardStatus::Earned, "5.00".to_owned()));
    let credits = world.credits(referrer).await?;
    assert_eq!((text(credits.available), text(credits.pending)), ("0.00".to_owned(), "5.00".to_owned()));
    world.clock.advance(SECOND * 60);
    // Told by the clock, before any sweep.
    let credits = world.credits(referrer).await?;
    assert_eq!((text(credits.available), text(credits.pending)), ("5.00".to_owned(), "0.00".to_owned()));
    assert_eq!(world.referral(referrer).await?.reward_status(), pb::RewardStatus::Credited);
    world.swept().await?;
    world.refund("o", "r", "20.00").await?;
    assert_eq!(world.referral(referrer).await?.reward_status(), pb::RewardStatus::Credited, "a credit is final");
    let late = world.moderating(id()).list_late_refunds(pb::ListLateRefundsRequest::default()).await?.into_inner();
    let [late] = late.late_refunds.as_slice() else { anyhow::bail!("{late:?}") };
    assert_eq!(
        (late.order_id.as_str(), late.user_id.clone(), text(late.refunded_amount.clone())),
        ("o", referee.to_string(), "20.00".to_owned())
    );
    let entries = world.credits_of(referrer).list_credit_entries(pb::ListCreditEntriesRequest::default()).await?.into_inner();
    let [entry] = entries.credit_entries.as_slice() else { anyhow::bail!("{entries:?}") };
    assert_eq!((entry.kind(), entry.referral_id.clone()), (pb::CreditEntryKind::Referral, held.referral_id));
    assert_eq!((text(entry.amount.clone()), text(entry.available.clone())), ("5.00".to_owned(), "5.00".to_owned()));
    world.check_books().await
}

#[tokio::test]
async fn a_first_order_counts_until_the_window_ends() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, early, late] = [id(), id(), id()];
    let code = world.code(referrer).await?;
    for referee in [early, late] {
        world.claim(referee, &code).await?;
    }
    world.clock.advance(DAY * 90 - SECOND * 60);
    world.buy(early, "o-early", &[]).await?;
    world.clock.advance(SECOND * 60);
    world.buy(late, "o-late", &[]).await?;
    let mut states: Vec<_> =
        world.referrals(referrer).await?.iter().map(|r| (r.reward_status(), r.first_purchase_time.is_some())).collect();
    states.sort();
    assert_eq!(states, [(pb::RewardStatus::Earned, true), (pb::RewardStatus::Expired, false)]);
    Ok(())
}

#[tokio::test]
async fn reports_are_the_same_however_often_and_refused_with_other_contents() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [user, other] = [id(), id()];
    world.buy(user, "o", &[]).await?;
    world.buy(user, "o", &[]).await?;
    assert_eq!(refused(world.buy(other, "o", &[]).await), (Code::AlreadyExists, "ORDER_REUSED".to_owned()));
    world.refund("o", "r1", "15.00").await?;
    world.refund("o", "r1", "15.00").await?;
    assert_eq!(refused(world.refund("o", "r1", "5.00").await), (Code::AlreadyExists, "REFUND_REUSED".to_owned()));
    let status = world.refund("o", "r2", "5.01").await.expect_err("too much");
    assert_eq!(metadata(&status, "refundable").as_deref(), Some("5.00"));
    assert_eq!(refused(Err::<(), _>(status)).1, "REFUND_TOO_HIGH");
    let stored = world.ask("SELECT refunded_amount || ' ' || (SELECT count(*) FROM order_refunds) FROM orders").await?;
    assert_eq!(stored, "15.00 1", "a refused refund is not kept");
    Ok(())
}

#[tokio::test]
async fn partial_refunds_take_a_reward_back_once_they_reach_the_order() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, referee] = [id(), id()];
    world.claim(referee, &world.code(referrer).await?).await?;
    world.refund("o", "r1", "12.00").await?;
    world.buy(referee, "o", &[]).await?;
    assert_eq!(world.referral(referrer).await?.reward_status(), pb::RewardStatus::Earned);
    assert_eq!(world.ask("SELECT min(current)::text FROM achievement_milestones").await?, "1");
    world.refund("o", "r2", "8.00").await?;
    let referral = world.referral(referrer).await?;
    assert!(referral.reward_status() == pb::RewardStatus::Expired && referral.reverse_time.is_some());
    assert_eq!(world.ask("SELECT max(current)::text FROM achievement_milestones").await?, "0", "it counts no more");
    assert_eq!(world.ask("SELECT string_agg(achievement_name, ' ') FROM social_achievements").await?, "1 friend brought along");
    Ok(())
}

#[tokio::test]
async fn redemptions_are_refused_beyond_what_is_available() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, referee, plan] = [id(), id(), id()];
    world.claim(referee, &world.code(referrer).await?).await?;
    world.buy(referee, "o", &[]).await?;
    assert_eq!(metadata(&world.redeem(referrer, plan, "0.01").await.expect_err("held"), "shortfall").as_deref(), Some("0.01"));
    world.clock.advance(DAY * 14);
    let request =
        pb::RedeemCreditsRequest { family_plan_id: plan.to_string(), amount: euros("3.00"), request_id: id().to_string() };
    let first = world.credits_of(referrer).redeem_credits(request.clone()).await?.into_inner().redemption.expect("one");
    let again = world.credits_of(referrer).redeem_credits(request.clone()).await?.into_inner().redemption.expect("one");
    assert_eq!(first.redemption_id, again.redemption_id);
    let other = pb::RedeemCreditsRequest { amount: euros("2.00"), ..request };
    assert_eq!(refused(world.credits_of(referrer).redeem_credits(other).await).1, "REQUEST_ID_REUSED");
    let status = world.redeem(referrer, plan, "2.01").await.expect_err("too much");
    assert_eq!(metadata(&status, "shortfall").as_deref(), Some("0.01"));
    assert_eq!(refused(Err::<(), _>(status)), (Code::FailedPrecondition, "INSUFFICIENT_CREDITS".to_owned()));
    let request = pb::GetRedemptionRequest { redemption_id: first.redemption_id };
    assert_eq!(refused(world.credits_of(referee).get_redemption(request).await).1, "REDEMPTION_NOT_FOUND");
    let request = pb::RedeemCreditsRequest { amount: euros("-1"), ..Default::default() };
    let found = violations(world.credits_of(referrer).redeem_credits(request).await);
    assert_eq!(found, ["family_plan_id", "amount", "request_id"]);
    world.check_books().await
}
