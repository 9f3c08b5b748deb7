//! Loads two families with members, money and meals.

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use orchard_proto::family::v1::invitation_service_client::InvitationServiceClient;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::nutrition_service_client::NutritionServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::family::v1::{
    AcceptInvitationRequest, CreateInvitationRequest, CreatePlanRequest, DepositRequest, GetPlanRequest, IntakeSource, Meal,
    Member, MemberRole, NewIntake, PrivacySettings, RecordIntakeRequest, SpendRequest, UpdateMemberRequest,
    accept_invitation_request,
};
use orchard_testkit::keys::user_id;
use tonic::Code;

use super::calls::{Calls, answer, request_id};
use super::people::display_name;
use super::state::State;
use super::values::{date, day_before, money};

/// Creates the families.
pub async fn load(calls: &Calls<'_>, state: &mut State) -> Result<()> {
    let plan = create(calls, "alice", "The Appletons", "Europe/Berlin").await?;
    state.currency = plan.currency;
    state.appletons = plan.id;
    state.berrys = create(calls, "dana", "The Berrys", "UTC").await?.id;
    state.save()?;
    let (appletons, berrys) = (state.appletons.clone(), state.berrys.clone());

    invite(calls, &appletons, "alice", "bob", MemberRole::Member, "spouse").await?;
    invite(calls, &appletons, "alice", "chloe", MemberRole::Child, "child").await?;
    invite(calls, &berrys, "dana", "erik", MemberRole::Member, "sibling").await?;
    for (plan, name, share_nutrition) in [
        (&appletons, "alice", true),
        (&appletons, "bob", true),
        (&appletons, "chloe", false),
        (&berrys, "dana", true),
        (&berrys, "erik", false),
    ] {
        introduce(calls, plan, name, share_nutrition).await?;
        eat(calls, name, state.first_day).await?;
    }
    deposit(calls, &state.currency, &appletons, 120, 0).await?;
    deposit(calls, &state.currency, &berrys, 75, 50).await?;
    spend(calls, &state.currency, &appletons, "bob").await
}

/// Returns whether the plan exists.
pub async fn is_there(calls: &Calls<'_>, plan: &str) -> Result<bool> {
    let request = calls.user("alice", GetPlanRequest { family_plan_id: plan.to_owned() })?;
    match PlanServiceClient::new(calls.edge.clone()).get_plan(request).await {
        Err(refusal) if refusal.code() == Code::NotFound => Ok(false),
        result => answer("GetPlan", result).map(|_| true),
    }
}

struct Created {
    id: String,
    currency: String,
}

async fn create(calls: &Calls<'_>, holder: &str, name: &str, time_zone: &str) -> Result<Created> {
    let request = CreatePlanRequest {
        family_name: name.to_owned(),
        time_zone: time_zone.to_owned(),
        request_id: request_id(&format!("plan of {holder}")),
    };
    let mut plans = PlanServiceClient::new(calls.edge.clone());
    let response = answer("CreatePlan", plans.create_plan(calls.user(holder, request)?).await)?;
    let plan = response.plan.context("CreatePlan returned no plan")?;
    let balance = plan.shared_wallet_balance.context("CreatePlan returned no balance")?;
    Ok(Created { id: plan.family_plan_id, currency: balance.currency_code })
}

async fn invite(calls: &Calls<'_>, plan: &str, host: &str, guest: &str, role: MemberRole, relationship: &str) -> Result<()> {
    let request = CreateInvitationRequest {
        family_plan_id: plan.to_owned(),
        invitee_user_id: user_id(guest).to_string(),
        role: role.into(),
        relationship: relationship.to_owned(),
        ttl: None,
        request_id: request_id(&format!("invitation of {guest}")),
    };
    let mut invitations = InvitationServiceClient::new(calls.edge.clone());
    let response = answer("CreateInvitation", invitations.create_invitation(calls.user(host, request)?).await)?;
    let invitation = response.invitation.context("CreateInvitation returned no invitation")?;
    let named = accept_invitation_request::Invitation::InvitationId(invitation.invitation_id);
    let request = AcceptInvitationRequest { invitation: Some(named) };
    answer("AcceptInvitation", invitations.accept_invitation(calls.user(guest, request)?).await)?;
    Ok(())
}

async fn introduce(calls: &Calls<'_>, plan: &str, name: &str, share_nutrition: bool) -> Result<()> {
    let member = Member {
        family_plan_id: plan.to_owned(),
        user_id: user_id(name).to_string(),
        display_name: display_name(name),
        privacy_settings: Some(PrivacySettings { share_nutrition: Some(share_nutrition), ..PrivacySettings::default() }),
        ..Member::default()
    };
    let paths = ["display_name", "privacy_settings.share_nutrition"].map(str::to_owned).to_vec();
    let request = UpdateMemberRequest { member: Some(member), update_mask: Some(prost_types::FieldMask { paths }) };
    let mut members = MemberServiceClient::new(calls.edge.clone());
    answer("UpdateMember", members.update_member(calls.user(name, request)?).await)?;
    Ok(())
}

async fn eat(calls: &Calls<'_>, name: &str, first_day: NaiveDate) -> Result<()> {
    let portion = i32::try_from(name.len()).unwrap_or_default() * 20;
    let days = [day_before(first_day), first_day];
    let meals = [(Meal::Breakfast, 380), (Meal::Lunch, 620), (Meal::Dinner, 710)];
    let intakes = days.into_iter().flat_map(|day| {
        meals.map(|(meal, calories)| NewIntake {
            consumption_date: Some(date(day)),
            calories_consumed: calories + portion,
            meal: meal.into(),
            source: IntakeSource::Manual.into(),
        })
    });
    let request = RecordIntakeRequest {
        intakes: intakes.collect(),
        request_id: request_id(&format!("meals of {name} around {first_day}")),
    };
    let mut nutrition = NutritionServiceClient::new(calls.edge.clone());
    answer("RecordIntake", nutrition.record_intake(calls.user(name, request)?).await)?;
    Ok(())
}

async fn deposit(calls: &Calls<'_>, currency: &str, plan: &str, units: i64, cents: i32) -> Result<()> {
    let request = DepositRequest {
        family_plan_id: plan.to_owned(),
        amount: Some(money(currency, units, cents)),
        reference: "demo-1".to_owned(),
        reason: "Monthly budget".to_owned(),
    };
    let mut wallets = WalletServiceClient::new(calls.family.clone());
    answer("Deposit", wallets.deposit(calls.service("billing", request)?).await)?;
    Ok(())
}

async fn spend(calls: &Calls<'_>, currency: &str, plan: &str, name: &str) -> Result<()> {
    let request = SpendRequest {
        family_plan_id: plan.to_owned(),
        amount: Some(money(currency, 18, 40)),
        reason: "Apples, pears and a melon".to_owned(),
        request_id: request_id(&format!("purchase of {name}")),
    };
    let mut wallets = WalletServiceClient::new(calls.edge.clone());
    answer("Spend", wallets.spend(calls.user(name, request)?).await)?;
    Ok(())
}
