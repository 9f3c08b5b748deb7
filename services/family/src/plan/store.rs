//! Queries of plans.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Plan, PlanType, Seat};
use crate::member::store::{STANDING, privacy, standing};
use crate::member::{Role, Standing};
use crate::schema::{family_members, family_plans, nutritional_intake};

orchard_db::text_column!(PlanType);

#[derive(Queryable, Selectable)]
#[diesel(table_name = family_plans)]
pub(crate) struct Row {
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
            // A zone that a newer release knew and this one does not is still a family: their days begin with UTC's.
            time_zone: row.time_zone.parse().unwrap_or_default(),
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
            billing_account: row.billing_account,
            // What a newer release wrote and this one cannot read is not shown by it.
            family_goals: row.family_goals.and_then(|json| serde_json::from_value(json).ok()),
            coordination_preferences: row.coordination_preferences.and_then(|json| serde_json::from_value(json).ok()),
            proposed_holder: row.proposed_holder,
        }
    }
}

/// Writes a new plan and its holder, the first admin.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    family_name: &str,
    time_zone: &str,
    holder: Uuid,
) -> QueryResult<()> {
    diesel::insert_into(family_plans::table)
        .values((
            family_plans::id.eq(id),
            family_plans::family_name.eq(family_name),
            family_plans::time_zone.eq(time_zone),
            family_plans::primary_account_holder.eq(holder),
            family_plans::plan_type.eq(PlanType::Standard),
            family_plans::max_members.eq(PlanType::Standard.seats()),
            family_plans::active_members.eq(1),
            // The event that tells of the holder.
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
        .await?;
    Ok(())
}

/// A plan as one of its active members finds it, and how they stand in it. Only admins find one that is not in use.
pub(crate) async fn seen_by(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
    member: Uuid,
) -> QueryResult<Option<(Plan, Standing)>> {
    found_by(member)
        .filter(family_plans::id.eq(plan))
        .select((Row::as_select(), STANDING))
        .first::<(Row, StandingRow)>(&mut connection)
        .await
        .optional()
        .map(|found| found.map(|(row, stands)| (row.into(), standing(stands))))
}

/// As [`seen_by`], for each of the member's plans before the position `before`, the newest first.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    member: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<(Plan, Standing)>> {
    let mut query = found_by(member)
        .order((family_plans::created_at.desc(), family_plans::id.desc()))
        .limit(count)
        .select((Row::as_select(), STANDING))
        .into_boxed();
    if let Some((created_at, id)) = before {
        let same = family_plans::created_at.eq(created_at).and(family_plans::id.lt(id));
        query = query.filter(family_plans::created_at.lt(created_at).or(same));
    }
    let rows: Vec<(Row, StandingRow)> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(row, stands)| (row.into(), standing(stands))).collect())
}

/// As [`seen_by`], and nobody else changes the plan, or this member's place in it, before the transaction ends.
pub(crate) async fn lock_for_member(
    connection: &mut AsyncPgConnection,
    plan: Uuid,
    member: Uuid,
) -> QueryResult<Option<(Plan, Standing)>> {
    found_by(member)
        .filter(family_plans::id.eq(plan))
        .select((Row::as_select(), STANDING))
        .for_no_key_update()
        .first::<(Row, StandingRow)>(connection)
        .await
        .optional()
        .map(|found| found.map(|(row, stands)| (row.into(), standing(stands))))
}

type StandingRow = (Role, Option<Value>);

#[diesel::dsl::auto_type]
fn found_by(member: Uuid) -> _ {
    let role: Role = Role::Admin;
    family_plans::table
        .inner_join(family_members::table)
        .filter(family_members::user_id.eq(member))
        .filter(family_members::is_active)
        .filter(family_plans::is_active.or(family_members::role.eq(role)))
}

/// The plan; nobody else changes it before the transaction ends.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, plan: Uuid) -> QueryResult<Option<Plan>> {
    family_plans::table
        .find(plan)
        .select(Row::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// Takes seats of a plan that is locked, or gives them back, and gives the sequence of the event that tells of it. The CHECK on the
/// counter refuses one seat too many, whatever the callers do.
pub(crate) async fn change_seats(connection: &mut AsyncPgConnection, plan: Uuid, by: i32) -> QueryResult<i64> {
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

/// Takes sequences for so many events of a plan that is locked, and gives the last.
pub(crate) async fn next_events(connection: &mut AsyncPgConnection, plan: Uuid, count: i64) -> QueryResult<i64> {
    diesel::update(family_plans::table.find(plan))
        .set((family_plans::event_sequence.eq(family_plans::event_sequence + count), family_plans::updated_at.eq(now)))
        .returning(family_plans::event_sequence)
        .get_result(connection)
        .await
}

/// Writes what can change of a plan that is locked: all but its money, its seats that are taken, and its positions. What a newer release
/// wrote and this one cannot read, it leaves alone.
pub(crate) async fn update(connection: &mut AsyncPgConnection, before: &Plan, plan: &Plan) -> QueryResult<Plan> {
    let json = |goals: Option<serde_json::Result<Value>>| goals.and_then(Result::ok);
    let goals = || json(plan.family_goals.as_ref().map(serde_json::to_value));
    let wishes = || json(plan.coordination_preferences.as_ref().map(serde_json::to_value));
    let rewished = plan.coordination_preferences != before.coordination_preferences;
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
            rewished.then(|| family_plans::coordination_preferences.eq(wishes())),
            family_plans::is_active.eq(plan.is_active),
            family_plans::updated_at.eq(now),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// A plan in use, everyone who has or had a seat, by user id, and the database's time: all as of one moment, since by one statement.
pub(super) async fn roll_call(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
) -> QueryResult<Option<(Plan, Vec<Seat>, DateTime<Utc>)>> {
    type SeatRow = (Uuid, StandingRow, bool, Option<Value>);
    let seat = (family_members::user_id, STANDING, family_members::is_active, family_members::privacy_settings);
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
    for (row, read_at, (user_id, stands, is_active, settings)) in rows {
        found = Some((row, read_at));
        seats.push(Seat { user_id, standing: standing(stands), is_active, privacy: privacy(settings) });
    }
    Ok(found.map(|(row, read_at)| (row.into(), seats, read_at)))
}

/// Mean of the calories of all rows of `users` on these dates; nothing without rows.
pub(super) async fn average_calories(
    mut connection: &AsyncPgConnection,
    users: &[Uuid],
    (first, last): (NaiveDate, NaiveDate),
) -> QueryResult<Option<BigDecimal>> {
    nutritional_intake::table
        .filter(nutritional_intake::user_id.eq_any(users))
        .filter(nutritional_intake::consumption_date.between(first, last))
        .select(diesel::dsl::avg(nutritional_intake::calories_consumed))
        .first(&mut connection)
        .await
}

/// The database's time.
pub(crate) async fn moment(mut connection: &AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(now.into_sql::<Timestamptz>()).get_result(&mut connection).await
}
