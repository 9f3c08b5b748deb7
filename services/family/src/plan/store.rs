//! Queries of plans.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Plan, PlanType, STANDARD_SEATS, Seat};
use crate::member::Role;
use crate::member::store::privacy;
use crate::schema::{family_members, family_plans, nutritional_intake};

orchard_db::text_column!(PlanType);

/// A row of `family_plans`, without the columns that this slice does not serve yet.
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
    wallet_sequence: i64,
    time_zone: String,
    is_active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
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
            wallet_sequence: row.wallet_sequence,
            // A zone that a newer release knew and this one does not is still a family: their days begin with UTC's.
            time_zone: row.time_zone.parse().unwrap_or_default(),
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
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
            family_plans::max_members.eq(STANDARD_SEATS),
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

/// The plan and the role in it of an active member.
pub(crate) async fn seen_by(mut connection: &AsyncPgConnection, plan: Uuid, member: Uuid) -> QueryResult<Option<(Plan, Role)>> {
    family_plans::table
        .inner_join(family_members::table)
        .filter(family_plans::id.eq(plan))
        .filter(family_members::user_id.eq(member))
        .filter(family_members::is_active)
        .select((Row::as_select(), family_members::role))
        .first::<(Row, Role)>(&mut connection)
        .await
        .optional()
        .map(|found| found.map(|(row, role)| (row.into(), role)))
}

/// As [`seen_by`], and nobody else changes the plan, or this member's place in it, before the transaction ends.
pub(crate) async fn lock_for_member(
    connection: &mut AsyncPgConnection,
    plan: Uuid,
    member: Uuid,
) -> QueryResult<Option<(Plan, Role)>> {
    family_plans::table
        .inner_join(family_members::table)
        .filter(family_plans::id.eq(plan))
        .filter(family_members::user_id.eq(member))
        .filter(family_members::is_active)
        .select((Row::as_select(), family_members::role))
        .for_no_key_update()
        .first::<(Row, Role)>(connection)
        .await
        .optional()
        .map(|found| found.map(|(row, role)| (row.into(), role)))
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

/// Takes a seat of a plan that is locked, and gives the sequence of the event that tells of it. The CHECK on the counter refuses one
/// seat too many, whatever the callers do.
pub(crate) async fn take_seat(connection: &mut AsyncPgConnection, plan: Uuid) -> QueryResult<i64> {
    diesel::update(family_plans::table.find(plan))
        .set((
            family_plans::active_members.eq(family_plans::active_members + 1),
            family_plans::event_sequence.eq(family_plans::event_sequence + 1),
            family_plans::updated_at.eq(diesel::dsl::now),
        ))
        .returning(family_plans::event_sequence)
        .get_result(connection)
        .await
}

/// A plan in use, everyone who has or had a seat, by user id, and the database's time: all as of one moment, since by one statement.
pub(super) async fn roll_call(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
) -> QueryResult<Option<(Plan, Vec<Seat>, DateTime<Utc>)>> {
    type SeatRow = (Uuid, Role, bool, Option<serde_json::Value>);
    let seat = (family_members::user_id, family_members::role, family_members::is_active, family_members::privacy_settings);
    let rows: Vec<(Row, DateTime<Utc>, SeatRow)> = family_plans::table
        .inner_join(family_members::table)
        .filter(family_plans::id.eq(plan))
        .filter(family_plans::is_active)
        .order(family_members::user_id)
        .select((Row::as_select(), diesel::dsl::now.into_sql::<Timestamptz>(), seat))
        .load(&mut connection)
        .await?;
    let mut found = None;
    let mut seats = Vec::with_capacity(rows.len());
    for (row, read_at, (user_id, role, is_active, settings)) in rows {
        found = Some((row, read_at));
        seats.push(Seat { user_id, role, is_active, privacy: privacy(settings) });
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
