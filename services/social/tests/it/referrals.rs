//! Referrals.

mod analytics;
mod codes;
mod credits;
mod fraud;
mod histories;
mod model;
mod moderation;
mod races;
mod redeemed;

use bigdecimal::BigDecimal;
use orchard_proto::google::r#type::Money;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::credit_service_client::CreditServiceClient;
use orchard_proto::social::v1::fingerprint_service_client::FingerprintServiceClient;
use orchard_proto::social::v1::purchase_service_client::PurchaseServiceClient;
use orchard_proto::social::v1::referral_moderation_service_client::ReferralModerationServiceClient;
use orchard_proto::social::v1::referral_service_client::ReferralServiceClient;
use orchard_testkit::client::{Client, insist};
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, id};

/// Returns an amount in the currency of the tests.
pub fn euros(amount: &str) -> Option<Money> {
    let amount: BigDecimal = amount.parse().expect("an amount");
    Some("EUR".parse::<orchard_rpc::Currency>().expect("a currency").to_wire(&amount))
}

/// Returns an amount as text.
pub fn text(money: Option<Money>) -> String {
    let money = money.expect("an amount");
    format!("{}.{:02}", money.units, money.nanos / 10_000_000)
}

/// Returns the keyed hash of something.
pub fn fingerprint(of: &str) -> String {
    let half = |key: u128| Uuid::new_v5(&Uuid::from_u128(key), of.as_bytes()).simple().to_string();
    format!("{}{}", half(1), half(2))
}

impl World {
    pub fn referring(&self, user: Uuid) -> ReferralServiceClient<Client> {
        ReferralServiceClient::new(self.slice.user(user).expect("a client"))
    }

    pub fn credits_of(&self, user: Uuid) -> CreditServiceClient<Client> {
        CreditServiceClient::new(self.slice.user(user).expect("a client"))
    }

    pub fn moderating(&self, moderator: Uuid) -> ReferralModerationServiceClient<Client> {
        let client = self.slice.user_with(moderator, &["moderator", "operator"]).expect("a client");
        ReferralModerationServiceClient::new(client)
    }

    /// Returns a user's standing code.
    pub async fn code(&self, user: Uuid) -> Result<String, Status> {
        let answer =
            insist(|| async { self.referring(user).create_referral_code(pb::CreateReferralCodeRequest {}).await }).await?;
        Ok(answer.into_inner().referral_code.expect("a code").referral_code)
    }

    /// Creates an invitation.
    pub async fn invite(&self, user: Uuid) -> Result<pb::Referral, Status> {
        let request = pb::CreateReferralRequest { request_id: id().to_string(), ..Default::default() };
        Ok(self.referring(user).create_referral(request).await?.into_inner().referral.expect("a referral"))
    }

    /// Claims a code.
    pub async fn claim(&self, user: Uuid, code: &str) -> Result<(), Status> {
        let request =
            pb::ClaimReferralRequest { referral_code: code.to_owned(), request_id: id().to_string(), ..Default::default() };
        insist(|| async { self.referring(user).claim_referral(request.clone()).await }).await.map(|_| ())
    }

    /// Records a purchase of 20.00.
    pub async fn buy(&self, user: Uuid, order: &str, paid_with: &[&str]) -> Result<(), Status> {
        let request = pb::RecordPurchaseRequest {
            user_id: user.to_string(),
            order_id: order.to_owned(),
            amount: euros("20.00"),
            payment_fingerprints: paid_with.iter().map(|print| fingerprint(print)).collect(),
        };
        insist(|| async {
            let mut client = PurchaseServiceClient::new(self.slice.service("commerce").expect("a client"));
            client.record_purchase(request.clone()).await
        })
        .await
        .map(|_| ())
    }

    /// Records a refund.
    pub async fn refund(&self, order: &str, refund: &str, amount: &str) -> Result<(), Status> {
        let request = pb::RecordRefundRequest { order_id: order.to_owned(), refund_id: refund.to_owned(), amount: euros(amount) };
        insist(|| async {
            let mut client = PurchaseServiceClient::new(self.slice.service("commerce").expect("a client"));
            client.record_refund(request.clone()).await
        })
        .await
        .map(|_| ())
    }

    /// Records a fingerprint.
    pub async fn print(&self, user: Uuid, kind: pb::FingerprintKind, of: &str) -> Result<(), Status> {
        let mut client = FingerprintServiceClient::new(self.slice.service("identity").expect("a client"));
        let request =
            pb::RecordFingerprintsRequest { user_id: user.to_string(), kind: kind.into(), fingerprints: vec![fingerprint(of)] };
        client.record_fingerprints(request).await.map(|_| ())
    }

    /// Returns all referrals of a user, latest first.
    pub async fn referrals(&self, user: Uuid) -> Result<Vec<pb::Referral>, Status> {
        let request = pb::ListReferralsRequest { page_size: 200, ..Default::default() };
        Ok(self.referring(user).list_referrals(request).await?.into_inner().referrals)
    }

    /// Returns the only referral of a user.
    pub async fn referral(&self, user: Uuid) -> Result<pb::Referral, Status> {
        let mut all = self.referrals(user).await?;
        assert_eq!(all.len(), 1, "{all:?}");
        Ok(all.remove(0))
    }

    pub async fn credits(&self, user: Uuid) -> Result<pb::Credits, Status> {
        let answer = self.credits_of(user).get_credits(pb::GetCreditsRequest {}).await?;
        Ok(answer.into_inner().credits.expect("credits"))
    }

    pub async fn redeem(&self, user: Uuid, plan: Uuid, amount: &str) -> Result<pb::Redemption, Status> {
        let request =
            pb::RedeemCreditsRequest { family_plan_id: plan.to_string(), amount: euros(amount), request_id: id().to_string() };
        let redeemed = insist(|| async { self.credits_of(user).redeem_credits(request.clone()).await }).await?;
        Ok(redeemed.into_inner().redemption.expect("a redemption"))
    }

    /// Returns the cases that wait for a moderator, oldest first.
    pub async fn cases(&self) -> Result<Vec<pb::ReferralCase>, Status> {
        let request = pb::ListReferralCasesRequest { page_size: 200, ..Default::default() };
        Ok(self.moderating(id()).list_referral_cases(request).await?.into_inner().referral_cases)
    }

    /// Decides on a case.
    pub async fn decide(&self, case: &str, decision: pb::ReferralDecision) -> Result<pb::ReferralCase, Status> {
        let request = pb::DecideReferralCaseRequest {
            referral_case_id: case.to_owned(),
            decision: decision.into(),
            note: "looked at".to_owned(),
            request_id: id().to_string(),
        };
        let answer = self.moderating(id()).decide_referral_case(request).await?;
        Ok(answer.into_inner().referral_case.expect("a case"))
    }

    /// Ends the holds of all rewards, without the clock, by which challenges go as well.
    pub async fn end_holds(&self) -> anyhow::Result<()> {
        let due = "UPDATE referrals SET credit_due_at = now(), updated_at = now() WHERE reward_status = 'earned'";
        self.slice.schema.connect().await?.execute(due, &[]).await?;
        Ok(())
    }

    /// Returns a text that a query gives.
    pub async fn ask(&self, query: &str) -> anyhow::Result<String> {
        Ok(self.slice.schema.connect().await?.query_one(query, &[]).await?.get::<_, Option<String>>(0).unwrap_or_default())
    }

    /// Checks that all credits are accounted for.
    pub async fn check_books(&self) -> anyhow::Result<()> {
        let wrong = self
            .ask(
                "SELECT string_agg(u.id::text, ' ') FROM users u
                 LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS all_entries,
                     coalesce(sum(amount) FILTER (WHERE kind = 'referral'), 0) AS earned
                   FROM credit_entries e WHERE e.user_id = u.id) e ON true
                 LEFT JOIN LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE status <> 'restored'), 0) AS taken
                   FROM redemptions r WHERE r.user_id = u.id) r ON true
                 LEFT JOIN LATERAL (SELECT coalesce(sum(reward_amount) FILTER (WHERE reward_status = 'credited'), 0) AS credited
                   FROM referrals f WHERE f.referrer_id = u.id) f ON true
                 WHERE u.referral_credits_earned <> e.earned OR u.referral_credits_earned <> f.credited
                    OR u.referral_credits_redeemed <> r.taken
                    OR u.referral_credits_earned - u.referral_credits_redeemed <> e.all_entries",
            )
            .await?;
        assert_eq!(wrong, "", "users whose credits do not add up");
        Ok(())
    }
}
