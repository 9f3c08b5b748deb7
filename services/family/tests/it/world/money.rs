//! Calls that move money.

use std::time::Duration;

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::hold_service_client::HoldServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_testkit::client::{Client, Headers};
use tonic::Status;
use uuid::Uuid;

use super::{World, euros, mask};

const TTL: Duration = Duration::from_secs(60);

pub fn spend(plan: &str, cents: i64, request: Uuid) -> pb::SpendRequest {
    pb::SpendRequest {
        family_plan_id: plan.to_owned(),
        amount: euros(cents),
        reason: "Apples".to_owned(),
        request_id: request.to_string(),
    }
}

impl World {
    pub async fn deposit(&self, plan: &str, cents: i64, reference: &str) -> Result<pb::Entry, Status> {
        let request = pb::DepositRequest {
            family_plan_id: plan.to_owned(),
            amount: euros(cents),
            reference: reference.to_owned(),
            reason: "Top-up".to_owned(),
        };
        let mut client = WalletServiceClient::new(self.slice.service("billing").expect("client"));
        Ok(client.deposit(request).await?.into_inner().entry.expect("an entry"))
    }

    pub async fn spend(&self, plan: &str, user: Uuid, cents: i64, request: Uuid) -> Result<pb::Entry, Status> {
        let mut client = self.wallet(user).expect("client");
        Ok(client.spend(spend(plan, cents, request)).await?.into_inner().entry.expect("an entry"))
    }

    /// Returns the balance in cents and the number of entries. The balance must be the sum of the entries and that of the last one.
    pub async fn balance(&self, plan: &str) -> anyhow::Result<(i64, i64)> {
        let client = self.slice.schema.connect().await?;
        let row = client
            .query_one(
                "SELECT (p.shared_wallet_balance * 100)::bigint,
                        (SELECT coalesce(sum(amount) * 100, 0)::bigint FROM wallet_entries WHERE family_plan_id = p.id),
                        (SELECT coalesce((array_agg(balance ORDER BY sequence DESC))[1] * 100, 0)::bigint
                         FROM wallet_entries WHERE family_plan_id = p.id),
                        (SELECT count(*) FROM wallet_entries WHERE family_plan_id = p.id), p.wallet_sequence
                 FROM family_plans p WHERE p.id = $1",
                &[&Uuid::parse_str(plan)?],
            )
            .await?;
        let (balance, sum, last, entries, sequence): (i64, i64, i64, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
        assert_eq!((balance, balance, entries), (sum, last, sequence), "balance, entries and sequence agree");
        assert!(balance >= 0);
        Ok((balance, entries))
    }

    /// Returns a client of a service that sells, for itself or for a user.
    pub fn seller(&self, service: &str, user: Option<Uuid>) -> HoldServiceClient<Client> {
        let keys = &self.slice.keys;
        let headers = Headers::bearer(&keys.workload_token(service, TTL).expect("a token")).expect("headers");
        let headers = match user {
            Some(user) => {
                headers.with("x-orchard-user-token", &keys.user_token(user, &[], TTL).expect("a token")).expect("headers")
            }
            None => headers,
        };
        HoldServiceClient::new(self.slice.with(headers))
    }

    pub async fn hold(&self, plan: &str, user: Uuid, cents: i64, reference: &str) -> Result<pb::Hold, Status> {
        let request = pb::CreateHoldRequest {
            family_plan_id: plan.to_owned(),
            reference: reference.to_owned(),
            amount: euros(cents),
            reason: "Diabetes".to_owned(),
        };
        let answer = self.seller("consultation", Some(user)).create_hold(request).await?;
        Ok(answer.into_inner().hold.expect("a hold"))
    }

    pub async fn capture(&self, plan: &str, reference: &str, cents: Option<i64>) -> Result<(pb::Hold, pb::Entry), Status> {
        let request = pb::CaptureHoldRequest {
            family_plan_id: plan.to_owned(),
            reference: reference.to_owned(),
            amount: cents.and_then(euros),
        };
        let answer = self.seller("consultation", None).capture_hold(request).await?.into_inner();
        Ok((answer.hold.expect("a hold"), answer.entry.expect("an entry")))
    }

    pub async fn release(&self, plan: &str, reference: &str) -> Result<pb::Hold, Status> {
        let request = pb::ReleaseHoldRequest { family_plan_id: plan.to_owned(), reference: reference.to_owned() };
        Ok(self.seller("consultation", None).release_hold(request).await?.into_inner().hold.expect("a hold"))
    }

    pub async fn refund(&self, plan: &str, reference: &str, refund: &str, cents: i64) -> Result<pb::Entry, Status> {
        let request = pb::RefundHoldRequest {
            family_plan_id: plan.to_owned(),
            reference: reference.to_owned(),
            refund_reference: refund.to_owned(),
            amount: euros(cents),
            reason: "Cancelled".to_owned(),
        };
        Ok(self.seller("consultation", None).refund_hold(request).await?.into_inner().entry.expect("an entry"))
    }

    pub async fn contents(&self, plan: &str, viewer: Uuid) -> Result<pb::Wallet, Status> {
        let request = pb::GetWalletRequest { family_plan_id: plan.to_owned() };
        Ok(self.wallet(viewer).expect("client").get_wallet(request).await?.into_inner().wallet.expect("a wallet"))
    }

    pub async fn let_expire(&self, reference: &str) -> anyhow::Result<()> {
        let expire = "UPDATE wallet_holds SET expires_at = now() WHERE reference = $1";
        assert_eq!(self.slice.schema.connect().await?.execute(expire, &[&reference]).await?, 1);
        Ok(())
    }

    pub async fn limit(&self, plan: &str, admin: Uuid, user: Uuid, cents: Option<i64>) -> anyhow::Result<()> {
        let permissions = pb::Permissions { daily_spend_limit: cents.and_then(euros), ..Default::default() };
        let (family_plan_id, user_id) = (plan.to_owned(), user.to_string());
        let member = pb::Member { family_plan_id, user_id, permissions: Some(permissions), ..Default::default() };
        let update_mask = mask(&["permissions.daily_spend_limit"]);
        self.members(admin)?.update_member(pb::UpdateMemberRequest { member: Some(member), update_mask }).await?;
        Ok(())
    }
}
