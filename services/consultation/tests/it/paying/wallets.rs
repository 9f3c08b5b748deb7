//! Family plans and their wallets.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::payment_service_client::PaymentServiceClient;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::invitation_service_client::InvitationServiceClient;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_testkit::service::SliceUnderTest;
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, euros, id};

/// What a wallet has moved for a session, in cents.
#[derive(Debug, PartialEq, Eq)]
pub struct Moved {
    pub captured: i64,
    pub refunded: i64,
    /// What it holds still.
    pub held: i64,
}

impl World {
    pub fn family(&self) -> &SliceUnderTest {
        self.family.as_ref().expect("a family service")
    }

    /// Creates a plan of a holder with money in its wallet.
    pub async fn plan(&self, holder: Uuid, cents: i64) -> anyhow::Result<String> {
        let request = family::CreatePlanRequest {
            family_name: "The Appletons".to_owned(),
            time_zone: "UTC".to_owned(),
            request_id: id().to_string(),
        };
        let plan = PlanServiceClient::new(self.family().user(holder)?).create_plan(request).await?.into_inner().plan;
        let plan = plan.expect("a plan").family_plan_id;
        if cents > 0 {
            self.deposit(&plan, cents).await?;
        }
        Ok(plan)
    }

    pub async fn deposit(&self, plan: &str, cents: i64) -> Result<(), Status> {
        let request = family::DepositRequest {
            family_plan_id: plan.to_owned(),
            amount: euros(cents),
            reference: id().to_string(),
            reason: "Pocket money".to_owned(),
        };
        let billing = self.family().service("billing").expect("client");
        WalletServiceClient::new(billing).deposit(request).await.map(drop)
    }

    /// Makes a user a member of a plan.
    pub async fn join(&self, plan: &str, holder: Uuid, user: Uuid, role: family::MemberRole) -> anyhow::Result<()> {
        let request = family::CreateInvitationRequest {
            family_plan_id: plan.to_owned(),
            invitee_user_id: user.to_string(),
            role: role.into(),
            request_id: id().to_string(),
            ..Default::default()
        };
        let invited = InvitationServiceClient::new(self.family().user(holder)?).create_invitation(request).await?;
        let invitation = invited.into_inner().invitation.expect("an invitation").invitation_id;
        let accepted = Some(family::accept_invitation_request::Invitation::InvitationId(invitation));
        let request = family::AcceptInvitationRequest { invitation: accepted };
        InvitationServiceClient::new(self.family().user(user)?).accept_invitation(request).await?;
        Ok(())
    }

    pub async fn remove(&self, plan: &str, holder: Uuid, user: Uuid) -> Result<(), Status> {
        let request = family::RemoveMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        let mut members = MemberServiceClient::new(self.family().user(holder).expect("client"));
        members.remove_member(request).await.map(drop)
    }

    pub async fn close(&self, plan: &str, holder: Uuid) -> Result<(), Status> {
        let request = family::DeactivatePlanRequest { family_plan_id: plan.to_owned() };
        let mut plans = PlanServiceClient::new(self.family().user(holder).expect("client"));
        plans.deactivate_plan(request).await.map(drop)
    }

    /// Pays a session at its price.
    pub async fn pay(&self, user: Uuid, session: &pb::Session, plan: &str) -> Result<pb::Session, Status> {
        let price = session.session_cost.clone();
        self.pay_with(
            user,
            pb::PaySessionRequest { session_id: session.session_id.clone(), family_plan_id: plan.to_owned(), price },
        )
        .await
    }

    pub async fn pay_with(&self, user: Uuid, request: pb::PaySessionRequest) -> Result<pb::Session, Status> {
        let mut payments = PaymentServiceClient::new(self.slice.user(user).expect("client"));
        Ok(payments.pay_session(request).await?.into_inner().session.expect("a session"))
    }

    /// Returns what is in a wallet, in cents, and what is held of it.
    pub async fn balance(&self, plan: &str) -> anyhow::Result<(i64, i64)> {
        let query = "SELECT (shared_wallet_balance * 100)::bigint, (wallet_held * 100)::bigint FROM family_plans WHERE id = $1";
        let row = self.family().schema.connect().await?.query_one(query, &[&plan.parse::<Uuid>()?]).await?;
        Ok((row.get(0), row.get(1)))
    }

    /// Returns what all wallets have moved for a session.
    pub async fn moved(&self, session: &str) -> anyhow::Result<Moved> {
        let query = "SELECT
              (SELECT COALESCE(sum(captured_amount), 0) * 100 FROM wallet_holds WHERE reference LIKE $1)::bigint,
              (SELECT COALESCE(sum(refunded_amount), 0) * 100 FROM wallet_holds WHERE reference LIKE $1)::bigint,
              (SELECT COALESCE(sum(amount), 0) * 100 FROM wallet_holds WHERE reference LIKE $1
                AND status = 'held' AND expires_at > now())::bigint,
              (SELECT COALESCE(-sum(amount), 0) * 100 FROM wallet_entries WHERE reference LIKE $1)::bigint";
        let row = self.family().schema.connect().await?.query_one(query, &[&format!("{session}/%")]).await?;
        let moved = Moved { captured: row.get(0), refunded: row.get(1), held: row.get(2) };
        assert_eq!(moved.captured - moved.refunded, row.get::<_, i64>(3), "holds and entries agree");
        Ok(moved)
    }

    /// Waits until no intent is open. Every wait of an intent ends at once.
    pub async fn settled(&self) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        let wait = async {
            while client.query_one("SELECT count(*) FROM intents", &[]).await?.get::<_, i64>(0) > 0 {
                client.execute("UPDATE intents SET due_at = now() WHERE due_at > now() + INTERVAL '200 ms'", &[]).await?;
                tokio::task::yield_now().await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(std::time::Duration::from_secs(120), wait).await?
    }

    /// Changes when a session begins, and when it must be paid, to so many seconds from now.
    pub async fn begins_in(&self, session: &pb::Session, seconds: f64) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        let start = "now() + make_interval(secs => $2)";
        let moved = format!(
            "UPDATE consultation_sessions SET session_date = {start}, updated_at = now(),
               payment_due_at = least(payment_due_at, {start}) WHERE id = $1"
        );
        client.execute(&moved, &[&session.session_id.parse::<Uuid>()?, &seconds]).await?;
        Ok(())
    }
}
