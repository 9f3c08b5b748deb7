//! Plans as sent.

mod preferences;

use bigdecimal::{BigDecimal, ToPrimitive as _};
use chrono::{DateTime, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read, timestamp_to_wire};
use uuid::Uuid;

use super::store::NewPlan;
use super::{Patch, Plan, PlanType, Roster};
use crate::error::Error;
use crate::rights::Rights;
use crate::wire::id_text;

orchard_rpc::wire_enum!(PlanType <=> pb::PlanType: Standard, Premium, Custom);

pub(super) fn new_plan(request: &pb::CreatePlanRequest, caller: Uuid) -> Result<(Key, NewPlan), Error> {
    let mut fields = Fields::default();
    let family_name = fields.read("family_name", read::text(&request.family_name, 1..=100));
    let time_zone = fields.read("time_zone", read::time_zone(&request.time_zone));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let key = Key::new(caller, "CreatePlan", request_id?, Keep::Days30, request);
        Ok((key, NewPlan { family_name: family_name?, time_zone: time_zone? }))
    })?)
}

const PATHS: [&str; 6] =
    ["family_name", "time_zone", "max_members", "billing_user_id", "family_goals", "coordination_preferences"];

pub(super) fn update(request: pb::UpdatePlanRequest, editor: Uuid) -> Result<(Uuid, Patch), Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let plan = fields.read("plan", read::required(request.plan));
    let mask = paths.as_deref().unwrap_or_default();
    let update = plan.map(|plan| fields.within("plan", |fields| read_update(fields, mask, &plan, editor)));
    Ok(fields.finish(|| update?)?)
}

fn read_update(fields: &mut Fields, mask: &[&str], plan: &pb::FamilyPlan, editor: Uuid) -> Result<(Uuid, Patch), Invalid> {
    let id = fields.read("family_plan_id", read::uuid(&plan.family_plan_id));
    let family_name = fields.masked(mask, "family_name", || read::text(&plan.family_name, 1..=100));
    let time_zone = fields.masked(mask, "time_zone", || read::time_zone(&plan.time_zone));
    let max_members = fields.masked(mask, "max_members", || read::within(plan.max_members, 1..=100));
    let billing_account = fields.masked(mask, "billing_user_id", || match read::optional_uuid(&plan.billing_user_id) {
        Ok(Some(payer)) if payer != editor => Err("must be the caller, or empty for the holder".to_owned()),
        read => read,
    });
    // Each is replaced as a whole, and removed when absent.
    let goals = plan.family_goals.as_ref().filter(|_| mask.contains(&"family_goals"));
    let goals = goals.map(|goals| fields.within("family_goals", |fields| preferences::read_goals(fields, goals))).transpose();
    let delivery = plan.coordination_preferences.as_ref().filter(|_| mask.contains(&"coordination_preferences"));
    let delivery = delivery
        .map(|delivery| fields.within("coordination_preferences", |fields| preferences::read_preferences(fields, delivery)))
        .transpose();
    let (goals, delivery) = (goals?, delivery?);
    let patch = Patch {
        family_name: family_name?,
        time_zone: time_zone?,
        max_members: max_members?,
        billing_account: billing_account?,
        family_goals: mask.contains(&"family_goals").then_some(goals),
        coordination_preferences: mask.contains(&"coordination_preferences").then_some(delivery),
    };
    Ok((id?, patch))
}

/// The type of a plan, and its number of seats, as billing sets them.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewType {
    pub(super) plan: Uuid,
    pub(super) plan_type: PlanType,
    pub(super) max_members: i32,
}

pub(super) fn new_type(request: &pb::ChangePlanTypeRequest) -> Result<NewType, Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let plan_type = fields.read("plan_type", PlanType::try_from(request.plan_type));
    let most = plan_type.map_or(PlanType::Custom.max_seats(), PlanType::max_seats);
    let max_members = match (plan_type, request.max_members) {
        (Ok(PlanType::Custom), 0) => Err("is required for a custom plan".to_owned()),
        (_, seats) => read::within_or(seats, most, 1..=most),
    };
    let max_members = fields.read("max_members", max_members);
    Ok(fields.finish(|| Ok(NewType { plan: plan?, plan_type: plan_type?, max_members: max_members? }))?)
}

/// Converts a plan, without what a member with these rights may not see.
pub(super) fn plan((plan, rights): (Plan, Rights), viewer: Uuid, currency: &Currency) -> pb::FamilyPlan {
    let wallet = rights.may_see_wallet();
    let offer = [plan.primary_account_holder, plan.proposed_holder].contains(&Some(viewer));
    let sent = whole(plan, currency);
    pb::FamilyPlan {
        shared_wallet_balance: sent.shared_wallet_balance.filter(|_| wallet),
        billing_user_id: Some(sent.billing_user_id).filter(|_| wallet).unwrap_or_default(),
        family_goals: sent.family_goals.filter(|_| wallet),
        coordination_preferences: sent.coordination_preferences.filter(|_| wallet),
        proposed_holder_user_id: Some(sent.proposed_holder_user_id).filter(|_| offer).unwrap_or_default(),
        viewer_role: rights.role.into(),
        ..sent
    }
}

/// Converts a plan, without what is private to the family.
pub(super) fn plan_for_billing(plan: Plan, currency: &Currency) -> pb::FamilyPlan {
    let public = Plan { family_goals: None, coordination_preferences: None, proposed_holder: None, ..plan };
    whole(public, currency)
}

fn whole(plan: Plan, currency: &Currency) -> pb::FamilyPlan {
    pb::FamilyPlan {
        family_plan_id: plan.id.to_string(),
        family_name: plan.family_name,
        holder_user_id: id_text(plan.primary_account_holder),
        max_members: plan.max_members,
        active_members: plan.active_members,
        plan_type: plan.plan_type.into(),
        shared_wallet_balance: Some(currency.to_wire(&plan.shared_wallet_balance)),
        time_zone: plan.time_zone.name().to_owned(),
        is_active: plan.is_active,
        create_time: Some(timestamp_to_wire(plan.created_at)),
        update_time: Some(timestamp_to_wire(plan.updated_at)),
        billing_user_id: id_text(plan.billing_account),
        family_goals: plan.family_goals.map(preferences::goals),
        coordination_preferences: plan.coordination_preferences.map(preferences::preferences),
        proposed_holder_user_id: id_text(plan.proposed_holder),
        viewer_role: pb::MemberRole::Unspecified.into(),
        currency_code: currency.code().to_owned(),
    }
}

/// What a summary is made of.
pub(super) struct Summary {
    pub(super) plan: Plan,
    pub(super) roster: Roster,
    pub(super) average_calories: Option<BigDecimal>,
    pub(super) read_at: DateTime<Utc>,
}

pub(super) fn summary(summary: Summary, currency: &Currency) -> pb::FamilySummary {
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let (wallet, nutrition) = (summary.roster.viewer.may_see_wallet(), summary.roster.viewer.may_see_nutrition());
    pb::FamilySummary {
        family_plan_id: summary.plan.id.to_string(),
        family_name: summary.plan.family_name,
        total_members: count(summary.roster.total),
        active_members: count(summary.roster.active),
        wallet_balance: wallet.then(|| currency.to_wire(&summary.plan.shared_wallet_balance)),
        avg_weekly_calories: summary.average_calories.and_then(|average| average.to_f64()),
        challenge_member_ids: summary.roster.challenges.iter().map(Uuid::to_string).collect(),
        achievement_member_ids: summary.roster.achievements.iter().map(Uuid::to_string).collect(),
        wallet_visible: wallet,
        nutrition_visible: nutrition,
        read_time: Some(timestamp_to_wire(summary.read_at)),
    }
}
