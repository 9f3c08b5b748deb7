//! A family service with people in it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{Datelike as _, NaiveDate, Utc};
use orchard_events::RelayOptions;
use orchard_family::{Service, Settings};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::invitation_service_client::InvitationServiceClient;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::nutrition_service_client::NutritionServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::google::r#type::{Date, Money};
use orchard_testkit::client::Client;
pub use orchard_testkit::client::insist;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::schema::refuse_stale_updates;
use orchard_testkit::service::{SliceUnderTest, calls};
use tonic::Status;
use tonic::transport::Uri;
use uuid::Uuid;

pub struct World {
    pub slice: SliceUnderTest,
}

/// Nobody is told of anything.
pub fn settings(keys: &DevKeys) -> Settings {
    Settings {
        currency: "EUR".parse().expect("currency"),
        social_url: Uri::from_static("http://127.0.0.1:1"),
        calls: calls(keys, "family"),
        relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_secs(1) },
    }
}

pub fn id() -> Uuid {
    Uuid::new_v4()
}

pub fn euros(cents: i64) -> Option<Money> {
    let nanos = i32::try_from(cents % 100).expect("cents") * 10_000_000;
    Some(Money { currency_code: "EUR".to_owned(), units: cents / 100, nanos })
}

pub fn date(date: NaiveDate) -> Option<Date> {
    let part = |n: u32| i32::try_from(n).expect("part of a date");
    Some(Date { year: date.year(), month: part(date.month()), day: part(date.day()) })
}

pub fn today() -> NaiveDate {
    Utc::now().date_naive()
}

impl World {
    pub async fn start() -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let settings = settings(&keys);
        Ok(Self { slice: SliceUnderTest::start_in::<Service>(&settings, Schema::create().await?, keys).await? })
    }

    /// One in which an update that forgets `updated_at` fails.
    pub async fn strict() -> anyhow::Result<Self> {
        let world = Self::start().await?;
        refuse_stale_updates(&world.slice.schema.connect().await?).await?;
        Ok(world)
    }

    /// Another process on the same data.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let settings = settings(&self.slice.keys);
        let again =
            SliceUnderTest::start_in::<Service>(&settings, self.slice.schema.clone(), Arc::clone(&self.slice.keys)).await?;
        self.slice = again;
        Ok(())
    }

    pub fn plans(&self, user: Uuid) -> anyhow::Result<PlanServiceClient<Client>> {
        Ok(PlanServiceClient::new(self.slice.user(user)?))
    }

    pub fn members(&self, user: Uuid) -> anyhow::Result<MemberServiceClient<Client>> {
        Ok(MemberServiceClient::new(self.slice.user(user)?))
    }

    pub fn invitations(&self, user: Uuid) -> anyhow::Result<InvitationServiceClient<Client>> {
        Ok(InvitationServiceClient::new(self.slice.user(user)?))
    }

    pub fn wallet(&self, user: Uuid) -> anyhow::Result<WalletServiceClient<Client>> {
        Ok(WalletServiceClient::new(self.slice.user(user)?))
    }

    pub fn nutrition(&self, user: Uuid) -> anyhow::Result<NutritionServiceClient<Client>> {
        Ok(NutritionServiceClient::new(self.slice.user(user)?))
    }

    pub async fn family(&self, holder: Uuid) -> anyhow::Result<String> {
        let request = pb::CreatePlanRequest {
            family_name: "The Appletons".to_owned(),
            time_zone: "UTC".to_owned(),
            request_id: id().to_string(),
        };
        let plan = self.plans(holder)?.create_plan(request).await?.into_inner().plan;
        Ok(plan.context("a plan")?.family_plan_id)
    }

    pub async fn invite(
        &self,
        plan: &str,
        inviter: Uuid,
        invitee: Option<Uuid>,
        role: pb::MemberRole,
    ) -> Result<pb::CreateInvitationResponse, Status> {
        let request = pb::CreateInvitationRequest {
            family_plan_id: plan.to_owned(),
            invitee_user_id: invitee.map(|id| id.to_string()).unwrap_or_default(),
            role: role.into(),
            relationship: String::new(),
            ttl: None,
            request_id: id().to_string(),
        };
        let mut client = self.invitations(inviter).expect("client");
        Ok(client.create_invitation(request).await?.into_inner())
    }

    pub async fn accept(&self, user: Uuid, invitation: &str) -> Result<pb::Member, Status> {
        use pb::accept_invitation_request::Invitation;
        let request = pb::AcceptInvitationRequest { invitation: Some(Invitation::InvitationId(invitation.to_owned())) };
        let mut client = self.invitations(user).expect("client");
        Ok(client.accept_invitation(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn accept_token(&self, user: Uuid, token: &str) -> Result<pb::Member, Status> {
        use pb::accept_invitation_request::Invitation;
        let request = pb::AcceptInvitationRequest { invitation: Some(Invitation::Token(token.to_owned())) };
        let mut client = self.invitations(user).expect("client");
        Ok(client.accept_invitation(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn join(&self, plan: &str, holder: Uuid, user: Uuid, role: pb::MemberRole) -> anyhow::Result<()> {
        let invited = self.invite(plan, holder, Some(user), role).await?;
        self.accept(user, &invited.invitation.context("an invitation")?.invitation_id).await?;
        Ok(())
    }

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

    pub async fn share_nutrition(&self, plan: &str, user: Uuid) -> anyhow::Result<()> {
        let privacy = pb::PrivacySettings { share_nutrition: true, share_challenges: true, share_achievements: true };
        let member = pb::Member {
            family_plan_id: plan.to_owned(),
            user_id: user.to_string(),
            privacy_settings: Some(privacy),
            ..pb::Member::default()
        };
        let mask = prost_types::FieldMask { paths: vec!["privacy_settings.share_nutrition".to_owned()] };
        self.members(user)?.update_member(pb::UpdateMemberRequest { member: Some(member), update_mask: Some(mask) }).await?;
        Ok(())
    }

    pub async fn eat(&self, user: Uuid, days_ago: i64, kcal: &[i32]) -> anyhow::Result<()> {
        let intake = |kcal: &i32| pb::NewIntake {
            consumption_date: date(today() - chrono::TimeDelta::days(days_ago)),
            calories_consumed: *kcal,
            meal: pb::Meal::Lunch.into(),
            source: pb::IntakeSource::Manual.into(),
        };
        let request = pb::RecordIntakeRequest { intakes: kcal.iter().map(intake).collect(), request_id: id().to_string() };
        self.nutrition(user)?.record_intake(request).await?;
        Ok(())
    }

    pub async fn summary(&self, plan: &str, viewer: Uuid) -> Result<pb::FamilySummary, Status> {
        let mut client = self.plans(viewer).expect("client");
        let request = pb::GetFamilySummaryRequest { family_plan_id: plan.to_owned() };
        Ok(client.get_family_summary(request).await?.into_inner().summary.expect("a summary"))
    }

    /// The balance in cents, which must be the ledger's sum, its last line's, and not negative.
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
        let (balance, sum, last, lines, sequence): (i64, i64, i64, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
        assert_eq!((balance, balance, lines), (sum, last, sequence), "balance, ledger and positions agree");
        assert!(balance >= 0);
        Ok((balance, lines))
    }
}

pub fn spend(plan: &str, cents: i64, request: Uuid) -> pb::SpendRequest {
    pb::SpendRequest {
        family_plan_id: plan.to_owned(),
        amount: euros(cents),
        reason: "Apples".to_owned(),
        request_id: request.to_string(),
    }
}

/// Holds a plan's row, so that calls on it wait inside their transactions, and counts those that do.
pub struct Held {
    pub client: tokio_postgres::Client,
}

impl Held {
    pub async fn new(world: &World, plan: &str) -> anyhow::Result<Self> {
        let client = world.slice.schema.connect().await?;
        client.batch_execute(&format!("BEGIN; SELECT 1 FROM family_plans WHERE id = '{plan}' FOR UPDATE")).await?;
        Ok(Self { client })
    }

    /// Waits until a session waits for the row, and gives its process id.
    pub async fn waiter(&self) -> anyhow::Result<i32> {
        let holder = self.client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        Ok(self.waiters(holder, 1).await?.remove(0))
    }

    /// Waits until so many sessions wait for the one of that process id, and gives theirs.
    pub async fn waiters(&self, session: i32, number: usize) -> anyhow::Result<Vec<i32>> {
        let query = "SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))";
        loop {
            // Within one transaction PostgreSQL shows the sessions of its first look, unless it is told to look again.
            self.client.batch_execute("SELECT pg_stat_clear_snapshot()").await?;
            let rows = self.client.query(query, &[&session]).await?;
            if rows.len() >= number {
                return Ok(rows.iter().map(|row| row.get(0)).collect());
            }
            tokio::task::yield_now().await;
        }
    }

    pub async fn release(self) -> anyhow::Result<()> {
        Ok(self.client.batch_execute("ROLLBACK").await?)
    }
}
