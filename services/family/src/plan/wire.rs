//! Plans as sent.

use bigdecimal::{BigDecimal, ToPrimitive as _};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Plan, PlanType, Roster};
use crate::member::Role;

/// A plan to create.
#[derive(Debug, Clone)]
pub(super) struct NewPlan {
    pub(super) key: Key,
    pub(super) family_name: String,
    pub(super) time_zone: Tz,
}

pub(super) fn new_plan(request: &pb::CreatePlanRequest, caller: Uuid) -> Result<NewPlan, Violations> {
    let mut fields = Fields::default();
    let family_name = fields.read("family_name", read::text(&request.family_name, 1..=100));
    let time_zone = fields.read("time_zone", read::time_zone(&request.time_zone));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        let key = Key::new(caller, "CreatePlan", request_id?, Keep::Days30, request);
        Ok(NewPlan { key, family_name: family_name?, time_zone: time_zone? })
    })
}

pub(super) fn plan(plan: Plan, viewer: Role, currency: &Currency) -> pb::FamilyPlan {
    let balance = viewer.may_see_wallet_and_nutrition().then(|| currency.to_wire(&plan.shared_wallet_balance));
    pb::FamilyPlan {
        family_plan_id: plan.id.to_string(),
        family_name: plan.family_name,
        primary_account_holder: plan.primary_account_holder.map(|id| id.to_string()).unwrap_or_default(),
        max_members: plan.max_members,
        active_members: plan.active_members,
        plan_type: plan_type(plan.plan_type).into(),
        shared_wallet_balance: balance,
        time_zone: plan.time_zone.name().to_owned(),
        is_active: plan.is_active,
        create_time: Some(timestamp_to_wire(plan.created_at)),
        update_time: Some(timestamp_to_wire(plan.updated_at)),
    }
}

fn plan_type(plan_type: PlanType) -> pb::PlanType {
    match plan_type {
        PlanType::Standard => pb::PlanType::Standard,
        PlanType::Premium => pb::PlanType::Premium,
        PlanType::Custom => pb::PlanType::Custom,
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
    let visible = summary.roster.viewer.may_see_wallet_and_nutrition();
    pb::FamilySummary {
        family_plan_id: summary.plan.id.to_string(),
        family_name: summary.plan.family_name,
        total_members: count(summary.roster.total),
        active_members: count(summary.roster.active),
        wallet_balance: visible.then(|| currency.to_wire(&summary.plan.shared_wallet_balance)),
        avg_weekly_calories: summary.average_calories.and_then(|average| average.to_f64()),
        challenge_member_ids: summary.roster.challenges.iter().map(Uuid::to_string).collect(),
        wallet_and_nutrition_visible: visible,
        read_time: Some(timestamp_to_wire(summary.read_at)),
    }
}
