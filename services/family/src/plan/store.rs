//! Queries of plans.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use orchard_db::{Connection, row};
use orchard_rpc::Zone;
use serde_json::Value;
use uuid::Uuid;

use super::events::AddedChild;
use super::{Plan, PlanError, PlanType, Seat};
use crate::error::Error;
use crate::rights::store::{COLUMNS as RIGHTS, Row as RightsRow, privacy};
use crate::rights::{Rights, Role};
use crate::schema::{family_members, family_plans, user_blocks};
use crate::wire::Position;

orchard_db::text_column!(PlanType);

#[derive(Queryable, Selectable)]
#[diesel(table_name = family_plans)]
struct Row {
    id: Uuid,
    family_name: String,
    primary_account_holder: Option<Uuid>,
    max_members: i32,
    active_members: i32,
    plan_type: PlanType,
    shared_wallet_balance: BigDecimal,
    wallet_held: BigDecimal,
    wallet_sequence: i64,
    time_zone: String,
    is_active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    billing_account: Option<Uuid>,
    family_goals: Option<Value>,
    coordination_preferences: Option<Value>,
    proposed_holder: Option<Uuid>,
}

impl From<Row> for Plan {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            family_name: row.family_name,
            primary_account_holder: row.primary_account_holder,
            max_members: row.max_members,
            active_members: row.active_members,
            plan_type: row.plan_type,
            shared_wallet_balance: row.shared_wallet_balance,
            wallet_held: row.wallet_held,
            wallet_sequence: row.wallet_sequence,
            // A newer release may know more time zones. Here the days of such a plan begin with those of UTC.
            time_zone: Zone::stored(&row.time_zone),
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
            billing_account: row.billing_account,
            // A newer release may store values that this one cannot read. They are left out.
            family_goals: row.family_goals.and_then(|json| serde_json::from_value(json).ok()),
            coordination_preferences: row.coordination_preferences.and_then(|json| serde_json::from_value(json).ok()),
            proposed_holder: row.proposed_holder,
        }
    }
}

/// A plan to create.
#[derive(Debug, Clone)]
pub(super) struct NewPlan {
    pub(super) family_name: String,
    pub(super) time_zone: Zone,
}

/// Inserts a plan, and its holder as the first admin.
pub(super) async fn insert(connection: &mut Connection, id: Uuid, new: &NewPlan, holder: Uuid) -> QueryResult<()> {
    diesel::insert_into(family_plans::table)
        .values((
            family_plans::id.eq(id),
            family_plans::family_name.eq(&new.family_name),
            family_plans::time_zone.eq(new.time_zone.name()),
            family_plans::primary_account_holder.eq(holder),
            family_plans::plan_type.eq(PlanType::Standard),
            family_plans::max_members.eq(PlanType::Standard.max_seats()),
            family_plans::active_members.eq(1),
            // The holder's `MemberJoined`.
            family_plans::event_sequence.eq(1),
        ))
        .execute(connection)
        .await?;
    diesel::insert_into(family_members::table)
        .values((
            family_members::id.eq(Uuid::now_v7()),
            family_members::family_plan_id.eq(id),
            family_members::user_id.eq(holder),
            family_members::role.eq(Role::Admin),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Returns a plan and the rights of an active member of it. Only admins see an inactive plan.
pub(crate) async fn seen_by(mut connection: &Connection, plan: Uuid, member: Uuid) -> Result<(Plan, Rights), Error> {
    let query = visible_to(member).filter(family_plans::id.eq(plan)).select((Row::as_select(), RIGHTS));
    found(query.first(&mut connection).await.optional()?)
}

/// Removes an offer to `viewer` from a plan if they have blocked the holder, who sees it as sent.
pub(super) async fn without_blocked_offer(mut connection: &Connection, plan: Plan, viewer: Uuid) -> QueryResult<Plan> {
    let Some(holder) = plan.primary_account_holder.filter(|_| plan.proposed_holder == Some(viewer)) else { return Ok(plan) };
    let block = user_blocks::table.find((viewer, holder));
    let is_blocked: bool = diesel::select(exists(block)).get_result(&mut connection).await?;
    Ok(if is_blocked { Plan { proposed_holder: None, ..plan } } else { plan })
}

/// Locks and returns a plan as [`seen_by`] does, so that neither the plan nor the member changes before the transaction ends.
pub(crate) async fn lock_for_member(connection: &mut Connection, plan: Uuid, member: Uuid) -> Result<(Plan, Rights), Error> {
    let query = visible_to(member).filter(family_plans::id.eq(plan)).select((Row::as_select(), RIGHTS));
    found(query.for_no_key_update().first(connection).await.optional()?)
}

fn found(found: Option<(Row, RightsRow)>) -> Result<(Plan, Rights), Error> {
    let (plan, rights) = found.ok_or(PlanError::NotFound)?;
    Ok((plan.into(), rights.into()))
}

/// Lists the plans that [`seen_by`] finds for a member, after the position `after`, newest first.
pub(super) async fn list(
    mut connection: &Connection,
    member: Uuid,
    after: Option<Position>,
    count: i64,
) -> QueryResult<Vec<(Plan, Rights)>> {
    let mut query = visible_to(member)
        .order((family_plans::created_at.desc(), family_plans::id.desc()))
        .limit(count)
        .select((Row::as_select(), RIGHTS))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(row(family_plans::created_at, family_plans::id).lt(after));
    }
    let rows: Vec<(Row, RightsRow)> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(plan, rights)| (plan.into(), rights.into())).collect())
}

#[diesel::dsl::auto_type]
fn visible_to(member: Uuid) -> _ {
    let role: Role = Role::Admin;
    family_plans::table
        .inner_join(family_members::table)
        .filter(family_members::user_id.eq(member))
        .filter(family_members::is_active)
        .filter(family_plans::is_active.or(family_members::role.eq(role)))
}

/// Locks and returns a plan, so that it does not change before the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, plan: Uuid) -> QueryResult<Option<Plan>> {
    let query = family_plans::table.find(plan).select(Row::as_select()).for_no_key_update();
    Ok(query.first(connection).await.optional()?.map(Row::into))
}

/// Locks several plans in the order of their ids.
pub(crate) async fn lock_all(connection: &mut Connection, plans: Vec<Uuid>) -> QueryResult<()> {
    if plans.is_empty() {
        return Ok(());
    }
    let query = family_plans::table.filter(family_plans::id.eq_any(plans)).order(family_plans::id).select(family_plans::id);
    let _locked: Vec<Uuid> = query.for_no_key_update().load(connection).await?;
    Ok(())
}

/// Returns whether a user holds any plan.
pub(crate) async fn holds_any(connection: &mut Connection, user: Uuid) -> QueryResult<bool> {
    let held = family_plans::table.filter(family_plans::primary_account_holder.eq(user));
    diesel::select(exists(held)).get_result(connection).await
}

/// Adds `by` to the seats taken of a locked plan, and returns the sequence of the event that reports it. The CHECK on the seats taken
/// refuses one seat too many, whatever the caller does.
pub(crate) async fn change_seats(connection: &mut Connection, plan: Uuid, by: i32) -> QueryResult<i64> {
    diesel::update(family_plans::table.find(plan))
        .set((
            family_plans::active_members.eq(family_plans::active_members + by),
            family_plans::event_sequence.eq(family_plans::event_sequence + 1),
            family_plans::updated_at.eq(now),
        ))
        .returning(family_plans::event_sequence)
        .get_result(connection)
        .await
}

/// Reserves sequences for `count` events of a locked plan and returns the last.
pub(crate) async fn next_events(connection: &mut Connection, plan: Uuid, count: i64) -> QueryResult<i64> {
    diesel::update(family_plans::table.find(plan))
        .set((family_plans::event_sequence.eq(family_plans::event_sequence + count), family_plans::updated_at.eq(now)))
        .returning(family_plans::event_sequence)
        .get_result(connection)
        .await
}

/// Updates a locked plan, apart from its money, its seats taken and its sequences. Values that this release cannot read stay as they are.
pub(crate) async fn update(connection: &mut Connection, before: &Plan, plan: &Plan) -> QueryResult<Plan> {
    let goals = || plan.family_goals.as_ref().and_then(|goals| serde_json::to_value(goals).ok());
    let preferences = || plan.coordination_preferences.as_ref().and_then(|delivery| serde_json::to_value(delivery).ok());
    let new_preferences = plan.coordination_preferences != before.coordination_preferences;
    diesel::update(family_plans::table.find(plan.id))
        .set((
            family_plans::family_name.eq(&plan.family_name),
            family_plans::primary_account_holder.eq(plan.primary_account_holder),
            family_plans::proposed_holder.eq(plan.proposed_holder),
            family_plans::billing_account.eq(plan.billing_account),
            family_plans::max_members.eq(plan.max_members),
            family_plans::plan_type.eq(plan.plan_type),
            (plan.time_zone != before.time_zone).then(|| family_plans::time_zone.eq(plan.time_zone.name())),
            (plan.family_goals != before.family_goals).then(|| family_plans::family_goals.eq(goals())),
            new_preferences.then(|| family_plans::coordination_preferences.eq(preferences())),
            family_plans::is_active.eq(plan.is_active),
            family_plans::updated_at.eq(now),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Returns the active members of a plan, ordered by join time.
pub(crate) async fn active_members(
    mut connection: &Connection,
    plan: Uuid,
) -> QueryResult<Vec<(Uuid, Role, Option<AddedChild>)>> {
    let rows: Vec<(Uuid, Role, bool, Option<Uuid>)> = family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::is_active)
        .order((family_members::joined_at, family_members::user_id))
        .select((
            family_members::user_id,
            family_members::role,
            family_members::consent_at.is_not_null(),
            family_members::guardian_user_id,
        ))
        .load(&mut connection)
        .await?;
    let member = |(user, role, was_added, guardian): (_, _, bool, _)| (user, role, was_added.then_some(AddedChild { guardian }));
    Ok(rows.into_iter().map(member).collect())
}

/// Returns an active plan, its members and former members, and the database's time. One statement reads all of them as of one moment.
pub(super) async fn with_seats(mut connection: &Connection, plan: Uuid) -> QueryResult<Option<(Plan, Vec<Seat>, DateTime<Utc>)>> {
    type SeatRow = (Uuid, RightsRow, bool, Option<Value>);
    let seat = (family_members::user_id, RIGHTS, family_members::is_active, family_members::privacy_settings);
    let rows: Vec<(Row, DateTime<Utc>, SeatRow)> = family_plans::table
        .inner_join(family_members::table)
        .filter(family_plans::id.eq(plan))
        .filter(family_plans::is_active)
        .order(family_members::user_id)
        .select((Row::as_select(), now.into_sql::<Timestamptz>(), seat))
        .load(&mut connection)
        .await?;
    let mut found = None;
    let mut seats = Vec::with_capacity(rows.len());
    for (row, read_at, (user_id, rights, is_active, settings)) in rows {
        found = Some((row, read_at));
        seats.push(Seat { user_id, rights: rights.into(), is_active, privacy: privacy(settings) });
    }
    Ok(found.map(|(row, read_at)| (row.into(), seats, read_at)))
}
