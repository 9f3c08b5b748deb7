//! A family service under test, and calls of its methods.

mod lock;
mod members;
mod money;

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
use pb::accept_invitation_request::Invitation;
use prost_types::FieldMask;
use tonic::transport::Uri;
use tonic::{Code, Status};
use uuid::Uuid;

pub use lock::RowLock;
pub use money::spend;

/// Code and reason of a refusal.
type Refused = (Code, String);

pub fn not_found(reason: &str) -> Refused {
    (Code::NotFound, reason.to_owned())
}

pub fn denied(reason: &str) -> Refused {
    (Code::PermissionDenied, reason.to_owned())
}

pub fn failed(reason: &str) -> Refused {
    (Code::FailedPrecondition, reason.to_owned())
}

pub fn exists(reason: &str) -> Refused {
    (Code::AlreadyExists, reason.to_owned())
}

pub struct World {
    pub slice: SliceUnderTest,
}

/// Returns settings with a social service that cannot be reached, so that no event is delivered.
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

pub fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() })
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

    /// Starts a service on a database that refuses updates without `updated_at`.
    pub async fn strict() -> anyhow::Result<Self> {
        let world = Self::start().await?;
        refuse_stale_updates(&world.slice.schema.connect().await?).await?;
        Ok(world)
    }

    /// Replaces the service by another one on the same data.
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
        self.invite_as(plan, inviter, invitee, role, "").await
    }

    pub async fn invite_as(
        &self,
        plan: &str,
        inviter: Uuid,
        invitee: Option<Uuid>,
        role: pb::MemberRole,
        relationship: &str,
    ) -> Result<pb::CreateInvitationResponse, Status> {
        let request = pb::CreateInvitationRequest {
            family_plan_id: plan.to_owned(),
            invitee_user_id: invitee.map(|id| id.to_string()).unwrap_or_default(),
            role: role.into(),
            relationship: relationship.to_owned(),
            ttl: None,
            request_id: id().to_string(),
        };
        let mut client = self.invitations(inviter).expect("client");
        Ok(client.create_invitation(request).await?.into_inner())
    }

    pub async fn accept(&self, user: Uuid, invitation: &str) -> Result<pb::Member, Status> {
        self.accept_invitation(user, Invitation::InvitationId(invitation.to_owned())).await
    }

    pub async fn accept_token(&self, user: Uuid, token: &str) -> Result<pb::Member, Status> {
        self.accept_invitation(user, Invitation::Token(token.to_owned())).await
    }

    async fn accept_invitation(&self, user: Uuid, invitation: Invitation) -> Result<pb::Member, Status> {
        let request = pb::AcceptInvitationRequest { invitation: Some(invitation) };
        let mut client = self.invitations(user).expect("client");
        Ok(client.accept_invitation(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn join(&self, plan: &str, holder: Uuid, user: Uuid, role: pb::MemberRole) -> anyhow::Result<()> {
        let invited = self.invite(plan, holder, Some(user), role).await?;
        self.accept(user, &invited.invitation.context("an invitation")?.invitation_id).await?;
        Ok(())
    }

    pub async fn share_nutrition(&self, plan: &str, user: Uuid) -> anyhow::Result<()> {
        let privacy = pb::PrivacySettings { share_nutrition: Some(true), ..Default::default() };
        let member = pb::Member {
            family_plan_id: plan.to_owned(),
            user_id: user.to_string(),
            privacy_settings: Some(privacy),
            ..pb::Member::default()
        };
        let update_mask = mask(&["privacy_settings.share_nutrition"]);
        self.members(user)?.update_member(pb::UpdateMemberRequest { member: Some(member), update_mask }).await?;
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
}
