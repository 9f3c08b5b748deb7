//! The rules against fraud, and what claimants learn of them: nothing.

use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::FingerprintKind::{Device, Payment};
use tonic::Code;
use uuid::Uuid;

use super::{euros, fingerprint};
use crate::world::{DAY, World, id};

impl World {
    /// Returns the rules by which claims were refused, oldest first.
    async fn rules(&self) -> anyhow::Result<Vec<String>> {
        let cases = self.cases().await?;
        Ok(cases.iter().map(|case| case.rule().as_str_name().trim_start_matches("REFERRAL_RULE_").to_owned()).collect())
    }

    async fn refer(&self, referrer: Uuid, referee: Uuid) -> anyhow::Result<()> {
        let code = self.code(referrer).await?;
        Ok(self.claim(referee, &code).await?)
    }
}

#[tokio::test]
async fn each_rule_refuses_a_claim_which_looks_accepted() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [a, b, c, d, e, f, g] = [(); 7].map(|()| id());
    world.refer(a, a).await?;
    world.refer(a, b).await?;
    world.refer(c, b).await?;
    world.buy(c, "o-c", &[]).await?;
    world.refer(a, c).await?;
    // B brings D along, and D is to bring A along, who stands above both.
    world.refer(b, d).await?;
    world.refer(d, a).await?;
    // E has the device of D, and F has the card of B. Both claim the code of A, with whom they share nothing.
    for (user, kind, print) in [(d, Device, "tablet"), (e, Device, "tablet"), (b, Payment, "card"), (f, Payment, "card")] {
        world.print(user, kind, print).await?;
    }
    world.refer(a, e).await?;
    world.refer(a, f).await?;
    assert_eq!(
        world.rules().await?,
        ["SELF", "ALREADY_REFERRED", "EXISTING_CUSTOMER", "CYCLE", "SHARED_DEVICE", "SHARED_PAYMENT"]
    );
    // What both claimants can read of themselves has changed.
    let changed = format!("SELECT count(*) FROM users WHERE id IN ('{b}', '{e}') AND updated_at > created_at");
    assert_eq!(world.number(&changed).await?, 2, "of B, who was accepted, and of E, who was refused");
    // Those who are in no group with the owner of a print are not held to it.
    world.print(g, Device, "tablet").await?;
    let stranger = id();
    world.refer(stranger, g).await?;
    assert_eq!(world.rules().await?.len(), 6);
    Ok(())
}

#[tokio::test]
async fn twenty_claims_are_accepted_in_any_24_hours() -> anyhow::Result<()> {
    let world = World::start().await?;
    let referrer = id();
    for _ in 0..20 {
        world.refer(referrer, id()).await?;
    }
    world.refer(referrer, id()).await?;
    assert_eq!(world.rules().await?, ["VELOCITY"]);
    world.clock.advance(DAY - Duration::from_secs(60));
    world.refer(referrer, id()).await?;
    assert_eq!(world.rules().await?, ["VELOCITY", "VELOCITY"]);
    world.clock.advance(Duration::from_secs(60));
    world.refer(referrer, id()).await?;
    assert_eq!(world.referrals(referrer).await?.len(), 21, "the first is a day ago");
    Ok(())
}

#[tokio::test]
async fn an_invitation_whose_claim_is_refused_is_used_up() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [a, b] = [id(), id()];
    for user in [a, b] {
        world.print(user, Device, "phone").await?;
    }
    let invitation = world.invite(a).await?;
    world.claim(b, &invitation.referral_code).await?;
    assert_eq!(
        refused(world.claim(id(), &invitation.referral_code).await).0,
        Code::NotFound,
        "or one would learn of the refusal"
    );
    let case = world.cases().await?.remove(0);
    assert_eq!((case.referral_id.as_str(), case.rule()), (invitation.referral_id.as_str(), pb::ReferralRule::SharedDevice));
    world.decide(&case.referral_case_id, pb::ReferralDecision::Approved).await?;
    let referral = world.referral(a).await?;
    assert_eq!((referral.referral_id, referral.sign_up_time), (invitation.referral_id, case.create_time));
    Ok(())
}

#[tokio::test]
async fn fingerprints_go_after_their_time_and_are_renewed() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [a, b] = [id(), id()];
    world.print(a, Device, "old").await?;
    world.print(a, Device, "renewed").await?;
    world.clock.advance(DAY * 100);
    world.print(a, Device, "renewed").await?;
    world.clock.advance(DAY * 80);
    world.until(async || Ok(world.number("SELECT count(*) FROM fingerprints").await? == 1)).await?;
    world.print(b, Device, "old").await?;
    world.refer(a, b).await?;
    assert_eq!(world.rules().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn fingerprints_and_orders_are_checked() -> anyhow::Result<()> {
    use pb::fingerprint_service_client::FingerprintServiceClient;
    use pb::purchase_service_client::PurchaseServiceClient;
    let world = World::start().await?;
    let mut prints = FingerprintServiceClient::new(world.slice.service("identity")?);
    for bad in ["4111111111111111", "", &"0".repeat(64)] {
        let request = pb::RecordFingerprintsRequest {
            user_id: "x".to_owned(),
            kind: 0,
            fingerprints: vec![fingerprint("good"), bad.to_owned()],
        };
        assert_eq!(violations(prints.record_fingerprints(request).await), ["user_id", "kind", "fingerprints[1]"]);
    }
    let request = pb::RecordFingerprintsRequest { user_id: id().to_string(), kind: 1, fingerprints: vec![] };
    assert_eq!(violations(prints.record_fingerprints(request).await), ["fingerprints"]);
    let mut shop = PurchaseServiceClient::new(world.slice.service("commerce")?);
    let request = pb::RecordPurchaseRequest {
        user_id: String::new(),
        order_id: "x".repeat(65),
        amount: euros("0"),
        payment_fingerprints: vec!["card".to_owned()],
    };
    let expected = ["user_id", "order_id", "amount", "payment_fingerprints[0]"];
    assert_eq!(violations(shop.record_purchase(request).await), expected);
    let request = pb::RecordRefundRequest { order_id: String::new(), refund_id: String::new(), amount: None };
    assert_eq!(violations(shop.record_refund(request).await), ["order_id", "refund_id", "amount"]);
    let mut other = PurchaseServiceClient::new(world.slice.service("billing")?);
    let request = pb::RecordRefundRequest { order_id: "o".to_owned(), refund_id: "r".to_owned(), amount: euros("1") };
    assert_eq!(refused(other.record_refund(request).await).0, Code::PermissionDenied, "the wrong service");
    Ok(())
}
