//! Cases, and what moderators decide.

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::FingerprintKind::{Device, Payment};
use pb::ReferralDecision::{Approved, Rejected};
use tonic::Code;

use crate::world::{DAY, World, id};

#[tokio::test]
async fn a_withheld_reward_waits_for_a_moderator() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let mut referrers = Vec::new();
    for order in ["approved", "rejected", "refunded"] {
        let [referrer, referee] = [id(), id()];
        world.print(referrer, Payment, order).await?;
        world.claim(referee, &world.code(referrer).await?).await?;
        world.buy(referee, order, &[order]).await?;
        let referral = world.referral(referrer).await?;
        assert!(
            referral.is_withheld && referral.reward_status() == pb::RewardStatus::Pending && referral.reward_amount.is_none()
        );
        referrers.push(referrer);
    }
    let cases = world.cases().await?;
    assert!(cases.iter().all(|case| case.kind() == pb::ReferralCaseKind::WithheldReward && !case.referral_id.is_empty()));
    world.clock.advance(DAY * 100);
    let decided = world.decide(&cases[0].referral_case_id, Approved).await?;
    assert_eq!((decided.decision(), decided.note.as_str(), decided.decision_time.is_some()), (Approved, "looked at", true));
    world.decide(&cases[1].referral_case_id, Rejected).await?;
    world.refund("refunded", "r", "20.00").await?;
    assert_eq!(refused(world.decide(&cases[2].referral_case_id, Approved).await).1, "ALREADY_DECIDED");
    assert!(world.cases().await?.is_empty());
    let mut states = Vec::new();
    for referrer in referrers {
        let referral = world.referral(referrer).await?;
        states.push((referral.reward_status(), referral.is_withheld, referral.reverse_time.is_some()));
    }
    use pb::RewardStatus::{Earned, Expired};
    assert_eq!(states, [(Earned, false, false), (Expired, false, false), (Expired, false, true)]);
    world.clock.advance(DAY * 14);
    world.swept().await?;
    world.check_books().await
}

#[tokio::test]
async fn a_case_is_decided_once_by_somebody_else() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, referee, moderator] = [id(), id(), id()];
    for user in [referrer, referee] {
        world.print(user, Device, "phone").await?;
    }
    world.claim(referee, &world.code(referrer).await?).await?;
    world.claim(referrer, &world.code(referrer).await?).await?;
    let cases = world.cases().await?;
    let decide = |by, case: &pb::ReferralCase, decision: pb::ReferralDecision, request_id: String| {
        let request = pb::DecideReferralCaseRequest {
            referral_case_id: case.referral_case_id.clone(),
            decision: decision.into(),
            note: String::new(),
            request_id,
        };
        let mut client = world.moderating(by);
        async move { client.decide_referral_case(request).await.map(tonic::Response::into_inner) }
    };
    for party in [referrer, referee] {
        assert_eq!(refused(decide(party, &cases[0], Approved, id().to_string()).await).1, "OWN_CASE");
    }
    assert_eq!(refused(decide(moderator, &cases[1], Approved, id().to_string()).await).1, "CASE_NOT_APPROVABLE");
    let request_id = id().to_string();
    let first = decide(moderator, &cases[0], Approved, request_id.clone()).await?;
    assert_eq!(decide(moderator, &cases[0], Approved, request_id).await?, first);
    let again = refused(decide(id(), &cases[0], Rejected, id().to_string()).await);
    assert_eq!(again, (Code::FailedPrecondition, "ALREADY_DECIDED".to_owned()));
    assert_eq!(world.referral(referrer).await?.sign_up_time, cases[0].create_time, "it counts from the claim");
    let unknown = pb::ReferralCase { referral_case_id: id().to_string(), ..Default::default() };
    let missing = refused(decide(moderator, &unknown, Approved, id().to_string()).await);
    assert_eq!(missing, (Code::NotFound, "REFERRAL_CASE_NOT_FOUND".to_owned()));
    let found = violations(world.moderating(moderator).decide_referral_case(pb::DecideReferralCaseRequest::default()).await);
    assert_eq!(found, ["referral_case_id", "decision", "request_id"]);
    Ok(())
}

/// The rule that refused the claim was another one, and the shop told of the card only with the order.
#[tokio::test]
async fn an_approved_claim_whose_order_was_paid_with_a_shared_card_waits_again() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, referee] = [id(), id()];
    for user in [referrer, referee] {
        world.print(user, Device, "phone").await?;
    }
    world.print(referrer, Payment, "card").await?;
    let code = world.code(referrer).await?;
    for _ in 0..3 {
        world.claim(referee, &code).await?;
    }
    world.buy(referee, "o", &["card"]).await?;
    let [case] = world.cases().await?.try_into().expect("one case, however often the claim was repeated");
    world.decide(&case.referral_case_id, Approved).await?;
    assert!(world.referral(referrer).await?.is_withheld);
    let [case] = world.cases().await?.try_into().expect("a case");
    assert_eq!((case.kind(), case.rule()), (pb::ReferralCaseKind::WithheldReward, pb::ReferralRule::SharedPayment));
    world.decide(&case.referral_case_id, Approved).await?;
    assert_eq!(world.referral(referrer).await?.reward_status(), pb::RewardStatus::Earned);
    Ok(())
}

#[tokio::test]
async fn a_claim_cannot_be_approved_once_somebody_else_has_referred_the_claimant() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, other, referee] = [id(), id(), id()];
    for user in [referrer, referee] {
        world.print(user, Device, "phone").await?;
    }
    world.claim(referee, &world.code(referrer).await?).await?;
    let case = world.cases().await?.remove(0);
    world.claim(referee, &world.code(other).await?).await?;
    assert_eq!(world.referrals(other).await?.len(), 1);
    assert_eq!(refused(world.decide(&case.referral_case_id, Approved).await).1, "CASE_NOT_APPROVABLE");
    world.decide(&case.referral_case_id, Rejected).await?;
    assert!(world.referrals(referrer).await?.is_empty());
    Ok(())
}
