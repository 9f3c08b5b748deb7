//! Queries of holds.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{IntervalDsl as _, now, sum};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use orchard_db::Connection;
use uuid::Uuid;

use super::{Hold, HoldKey, HoldStatus, NewHold, TTL};
use crate::plan::Plan;
use crate::schema::{family_plans, wallet_holds};

orchard_db::text_column!(HoldStatus);

#[derive(Queryable, Selectable)]
#[diesel(table_name = wallet_holds)]
struct Row {
    id: Uuid,
    family_plan_id: Uuid,
    user_id: Uuid,
    reference: String,
    amount: BigDecimal,
    captured_amount: BigDecimal,
    refunded_amount: BigDecimal,
    reason: Option<String>,
    status: HoldStatus,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Hold {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            family_plan_id: row.family_plan_id,
            user_id: row.user_id,
            reference: row.reference,
            amount: row.amount,
            captured_amount: row.captured_amount,
            refunded_amount: row.refunded_amount,
            reason: row.reason.unwrap_or_default(),
            status: row.status,
            expires_at: row.expires_at,
            created_at: row.created_at,
        }
    }
}

/// Holds money of a locked plan. The CHECK on what is held refuses more than the balance, whatever the caller does.
pub(super) async fn insert(
    connection: &mut Connection,
    plan: &Plan,
    service: &str,
    user: Uuid,
    new: &NewHold,
) -> QueryResult<Hold> {
    set_held(connection, plan.id, &(&plan.wallet_held + &new.amount)).await?;
    let ttl = i32::try_from(TTL.num_seconds()).unwrap_or(i32::MAX);
    diesel::insert_into(wallet_holds::table)
        .values((
            wallet_holds::id.eq(Uuid::now_v7()),
            wallet_holds::family_plan_id.eq(plan.id),
            wallet_holds::user_id.eq(user),
            wallet_holds::service.eq(service),
            wallet_holds::reference.eq(&new.key.reference),
            wallet_holds::amount.eq(&new.amount),
            wallet_holds::reason.eq(&new.reason),
            wallet_holds::expires_at.eq(now.into_sql::<Timestamptz>() + ttl.seconds()),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Returns a hold of a service as it is now.
pub(super) async fn find(mut connection: &Connection, service: &str, key: &HoldKey) -> QueryResult<Option<Hold>> {
    let found: Option<(Row, bool)> = wallet_holds::table
        .filter(wallet_holds::family_plan_id.eq(key.plan))
        .filter(wallet_holds::service.eq(service))
        .filter(wallet_holds::reference.eq(&key.reference))
        .select((Row::as_select(), wallet_holds::expires_at.le(now)))
        .first(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|(row, is_over)| Hold::from(row).at_present(is_over)))
}

/// Ends a hold of a locked plan, of which `captured` was paid.
pub(super) async fn end(
    connection: &mut Connection,
    plan: &Plan,
    hold: &Hold,
    status: HoldStatus,
    captured: &BigDecimal,
) -> QueryResult<Hold> {
    set_held(connection, plan.id, &(&plan.wallet_held - &hold.amount)).await?;
    diesel::update(wallet_holds::table.find(hold.id))
        .set((wallet_holds::status.eq(status), wallet_holds::captured_amount.eq(captured), wallet_holds::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Adds `amount` to what was refunded. The CHECK refuses more than was captured.
pub(super) async fn refund(connection: &mut Connection, hold: Uuid, amount: &BigDecimal) -> QueryResult<Hold> {
    diesel::update(wallet_holds::table.find(hold))
        .set((wallet_holds::refunded_amount.eq(wallet_holds::refunded_amount + amount), wallet_holds::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Ends the holds of a locked plan whose time is over, and returns the plan without them.
pub(super) async fn expire(connection: &mut Connection, plan: Plan) -> QueryResult<Plan> {
    if plan.wallet_held == BigDecimal::default() {
        return Ok(plan);
    }
    let due = wallet_holds::table
        .filter(wallet_holds::family_plan_id.eq(plan.id))
        .filter(wallet_holds::status.eq(HoldStatus::Held))
        .filter(wallet_holds::expires_at.le(now));
    let freed: Vec<BigDecimal> = diesel::update(due)
        .set((wallet_holds::status.eq(HoldStatus::Expired), wallet_holds::updated_at.eq(now)))
        .returning(wallet_holds::amount)
        .get_results(connection)
        .await?;
    if freed.is_empty() {
        return Ok(plan);
    }
    let wallet_held = &plan.wallet_held - freed.iter().sum::<BigDecimal>();
    set_held(connection, plan.id, &wallet_held).await?;
    Ok(Plan { wallet_held, ..plan })
}

/// Returns at most `count` plans with holds whose time is over.
pub(super) async fn due(mut connection: &Connection, count: i64) -> QueryResult<Vec<Uuid>> {
    wallet_holds::table
        .filter(wallet_holds::status.eq(HoldStatus::Held))
        .filter(wallet_holds::expires_at.le(now))
        .order(wallet_holds::expires_at)
        .limit(count)
        .select(wallet_holds::family_plan_id)
        .load(&mut connection)
        .await
}

/// Returns how much of a plan's money is held now.
pub(crate) async fn held(mut connection: &Connection, plan: Uuid) -> QueryResult<BigDecimal> {
    wallet_holds::table
        .filter(wallet_holds::family_plan_id.eq(plan))
        .filter(wallet_holds::status.eq(HoldStatus::Held))
        .filter(wallet_holds::expires_at.gt(now))
        .select(sum(wallet_holds::amount))
        .first::<Option<BigDecimal>>(&mut connection)
        .await
        .map(Option::unwrap_or_default)
}

/// Returns how much is held, or was captured, of the holds that were created for a member between two instants.
pub(super) async fn held_or_captured(
    mut connection: &Connection,
    plan: Uuid,
    user: Uuid,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<BigDecimal> {
    let holds: Vec<(HoldStatus, bool, BigDecimal, BigDecimal)> = wallet_holds::table
        .filter(wallet_holds::user_id.eq(user))
        .filter(wallet_holds::family_plan_id.eq(plan))
        .filter(wallet_holds::created_at.ge(from))
        .filter(wallet_holds::created_at.lt(to))
        .filter(wallet_holds::status.eq_any([HoldStatus::Held, HoldStatus::Captured]))
        .select((wallet_holds::status, wallet_holds::expires_at.gt(now), wallet_holds::amount, wallet_holds::captured_amount))
        .load(&mut connection)
        .await?;
    let counted = |(status, in_time, amount, captured)| match status {
        HoldStatus::Held if in_time => amount,
        HoldStatus::Captured => captured,
        HoldStatus::Held | HoldStatus::Released | HoldStatus::Expired => BigDecimal::default(),
    };
    Ok(holds.into_iter().map(counted).sum())
}

async fn set_held(connection: &mut Connection, plan: Uuid, held: &BigDecimal) -> QueryResult<()> {
    diesel::update(family_plans::table.find(plan))
        .set((family_plans::wallet_held.eq(held), family_plans::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}
