//! Requests that are sent again because their answer was lost.

use std::time::Duration;

use orchard_proto::DESCRIPTORS;
use orchard_proto::family::v1 as pb;
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::repeats::{Case, findings};
use pb::MemberRole;
use uuid::Uuid;

use crate::invitations::named;
use crate::world::{World, date, euros, id, mask, spend, today};

const TTL: Duration = Duration::from_secs(600);

impl World {
    fn user(&self, user: Uuid) -> Client {
        self.slice.user(user).expect("a client")
    }

    fn service(&self, service: &str) -> Client {
        self.slice.service(service).expect("a client")
    }

    /// Creates a plan with money, an admin, and a member.
    async fn small_family(&self) -> anyhow::Result<(String, [Uuid; 3])> {
        let people = [(); 3].map(|()| id());
        let plan = self.family(people[0]).await?;
        self.join(&plan, people[0], people[1], MemberRole::Admin).await?;
        self.join(&plan, people[0], people[2], MemberRole::Member).await?;
        self.deposit(&plan, 10_000, &id().to_string()).await?;
        Ok((plan, people))
    }

    fn for_user(&self, service: &str, user: Uuid) -> anyhow::Result<Client> {
        let headers = Headers::bearer(&self.slice.keys.workload_token(service, TTL)?)?;
        Ok(self.slice.with(headers.with("x-orchard-user-token", &self.slice.keys.user_token(user, &[], TTL)?)?))
    }

    async fn invitation(&self, plan: &str, holder: Uuid, invitee: Uuid) -> anyhow::Result<String> {
        Ok(named(self.invite(plan, holder, Some(invitee), MemberRole::Member).await?))
    }

    async fn members_cases(&self) -> anyhow::Result<Vec<Case>> {
        let (plan, [holder, _, member]) = self.small_family().await?;
        let banned = id();
        self.join(&plan, holder, banned, MemberRole::Member).await?;
        self.ban(&plan, holder, banned).await?;
        let family_plan_id = plan.clone();
        let request_id = id().to_string();
        let child = pb::AddChildRequest {
            family_plan_id: plan.clone(),
            display_name: "Pip".to_owned(),
            guardian_consent: true,
            request_id,
            ..Default::default()
        };
        let renamed =
            pb::Member { family_plan_id, user_id: member.to_string(), display_name: "Bob".to_owned(), ..Default::default() };
        let renamed = pb::UpdateMemberRequest { member: Some(renamed), update_mask: mask(&["display_name"]) };
        let (family_plan_id, user_id) = (plan.clone(), banned.to_string());
        let child_id = self.child_of(&plan, holder).await?;
        let released = pb::ReleaseChildRequest { user_id: child_id.to_string() };
        Ok(vec![
            Case::of("MemberService/ReleaseChild", self.user(holder), released),
            Case::of("MemberService/AddChild", self.user(holder), child),
            Case::of("MemberService/UpdateMember", self.user(holder), renamed),
            Case::of("MemberService/UnbanMember", self.user(holder), pb::UnbanMemberRequest { family_plan_id, user_id }),
        ])
    }

    async fn invitation_cases(&self) -> anyhow::Result<Vec<Case>> {
        let (family_plan_id, [holder, ..]) = self.small_family().await?;
        let [accepts, declines, revoked] = [(); 3].map(|()| id());
        let accepted = self.invitation(&family_plan_id, holder, accepts).await?;
        let accepted = Some(pb::accept_invitation_request::Invitation::InvitationId(accepted));
        let declined = pb::DeclineInvitationRequest { invitation_id: self.invitation(&family_plan_id, holder, declines).await? };
        let invitation_id = self.invitation(&family_plan_id, holder, revoked).await?;
        let revoked = pb::RevokeInvitationRequest { family_plan_id, invitation_id };
        Ok(vec![
            Case::of(
                "InvitationService/AcceptInvitation",
                self.user(accepts),
                pb::AcceptInvitationRequest { invitation: accepted },
            ),
            Case::of("InvitationService/DeclineInvitation", self.user(declines), declined),
            Case::of("InvitationService/RevokeInvitation", self.user(holder), revoked),
        ])
    }

    async fn plan_cases(&self) -> anyhow::Result<Vec<Case>> {
        let (plan, [holder, admin, _]) = self.small_family().await?;
        let family_plan_id = || plan.clone();
        let request_id = id().to_string();
        let created = pb::CreatePlanRequest { family_name: "Tree".to_owned(), request_id, ..Default::default() };
        let renamed = pb::FamilyPlan { family_plan_id: plan.clone(), family_name: "Twig".to_owned(), ..Default::default() };
        let renamed = pb::UpdatePlanRequest { plan: Some(renamed), update_mask: mask(&["family_name"]) };
        let offered = || pb::OfferPlanRequest { family_plan_id: family_plan_id(), user_id: admin.to_string() };
        let plan_type = pb::PlanType::Premium.into();
        let changed = pb::ChangePlanTypeRequest { family_plan_id: plan.clone(), plan_type, max_members: 0 };
        let withdrawn = pb::WithdrawPlanOfferRequest { family_plan_id: family_plan_id() };
        let accepted = pb::AcceptPlanRequest { family_plan_id: family_plan_id() };
        let closed = pb::DeactivatePlanRequest { family_plan_id: family_plan_id() };
        let opened = pb::ReactivatePlanRequest { family_plan_id: family_plan_id() };
        Ok(vec![
            Case::of("PlanService/CreatePlan", self.user(id()), created),
            Case::of("PlanService/UpdatePlan", self.user(holder), renamed),
            Case::of("PlanService/ChangePlanType", self.service("billing"), changed),
            Case::of("PlanService/OfferPlan", self.user(holder), offered()),
            Case::of("PlanService/WithdrawPlanOffer", self.user(holder), withdrawn),
            Case::of("PlanService/OfferPlan again", self.user(holder), offered()),
            Case::of("PlanService/AcceptPlan", self.user(admin), accepted),
            Case::of("PlanService/DeactivatePlan", self.user(admin), closed),
            Case::of("PlanService/ReactivatePlan", self.user(admin), opened),
        ])
    }

    async fn money_cases(&self) -> anyhow::Result<Vec<Case>> {
        let (plan, [holder, ..]) = self.small_family().await?;
        let hold = |reference: &str| pb::CreateHoldRequest {
            family_plan_id: plan.clone(),
            reference: reference.to_owned(),
            amount: euros(500),
            reason: "Advice".to_owned(),
        };
        self.seller("consultation", Some(holder)).create_hold(hold("released")).await?;
        let key = |reference: &str| (plan.clone(), reference.to_owned());
        let (family_plan_id, reference) = key("captured");
        let captured = pb::CaptureHoldRequest { family_plan_id, reference, amount: None };
        let (family_plan_id, reference) = key("released");
        let released = pb::ReleaseHoldRequest { family_plan_id, reference };
        let (family_plan_id, reference) = key("captured");
        let (refund_reference, reason) = ("refund".to_owned(), "Cancelled".to_owned());
        let refunded = pb::RefundHoldRequest { family_plan_id, reference, refund_reference, amount: euros(100), reason };
        let (family_plan_id, reference) = key("top-up");
        let deposited = pb::DepositRequest { family_plan_id, amount: euros(1), reference, reason: "Top-up".to_owned() };
        let seller = || self.service("consultation");
        Ok(vec![
            Case::of("HoldService/CreateHold", self.for_user("consultation", holder)?, hold("captured")),
            Case::of("HoldService/CaptureHold", seller(), captured),
            Case::of("HoldService/ReleaseHold", seller(), released),
            Case::of("HoldService/RefundHold", seller(), refunded),
            Case::of("WalletService/Deposit", self.service("billing"), deposited),
            Case::of("WalletService/Spend", self.user(holder), spend(&plan, 100, id())),
        ])
    }

    async fn intake_cases(&self) -> anyhow::Result<Vec<Case>> {
        let user = id();
        let eaten = |kcal| pb::NewIntake {
            consumption_date: date(today()),
            calories_consumed: kcal,
            meal: pb::Meal::Lunch.into(),
            source: pb::IntakeSource::Manual.into(),
        };
        let recorded = |kcal| pb::RecordIntakeRequest { intakes: vec![eaten(kcal)], request_id: id().to_string() };
        let made = self.nutrition(user)?.record_intake(recorded(500)).await?.into_inner().intakes.remove(0);
        let changed = pb::NutritionalIntake { calories_consumed: 600, ..made };
        let changed = pb::UpdateIntakeRequest { intake: Some(changed), update_mask: mask(&["calories_consumed"]) };
        Ok(vec![
            Case::of("NutritionService/RecordIntake", self.user(user), recorded(700)),
            Case::of("NutritionService/UpdateIntake", self.user(user), changed),
        ])
    }
}

#[tokio::test]
async fn a_repetition_is_answered_as_the_first_request_was() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let mut cases = world.members_cases().await?;
    cases.extend(world.invitation_cases().await?);
    cases.extend(world.plan_cases().await?);
    cases.extend(world.money_cases().await?);
    cases.extend(world.intake_cases().await?);
    assert_eq!(findings(DESCRIPTORS, "orchard.family.v1", cases).await?, Vec::<String>::new());
    Ok(())
}
