//! Queries of holds.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{IntervalDsl as _, now, sum};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Hold, HoldStatus, TTL};
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

/// Money to hold.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) user: Uuid,
    pub(super) service: &'a str,
    pub(super) reference: &'a str,
    pub(super) amount: &'a BigDecimal,
    pub(super) reason: &'a str,
}

/// Holds money of a plan that is locked. The CHECK on what is held refuses more than there is, whatever the callers do.
pub(super) async fn insert(connection: &mut AsyncPgConnection, plan: &Plan, new: NewRow<'_>) -> QueryResult<Hold> {
    set_held(connection, plan.id, &(&plan.wallet_held + new.amount)).await?;
    let ttl = i32::try_from(TTL.num_seconds()).unwrap_or(i32::MAX);
    diesel::insert_into(wallet_holds::table)
        .values((
            wallet_holds::id.eq(Uuid::now_v7()),
            wallet_holds::family_plan_id.eq(plan.id),
            wallet_holds::user_id.eq(new.user),
            wallet_holds::service.eq(new.service),
            wallet_holds::reference.eq(new.reference),
            wallet_holds::amount.eq(new.amount),
            wallet_holds::reason.eq(new.reason),
            wallet_holds::expires_at.eq(now.into_sql::<Timestamptz>() + ttl.seconds()),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// The hold that a service has under its own reference, as it is now: one whose time is over has expired, whether or not it was ended.
pub(super) async fn by_reference(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
    service: &str,
    reference: &str,
) -> QueryResult<Option<Hold>> {
    wallet_holds::table
        .filter(wallet_holds::family_plan_id.eq(plan))
        .filter(wallet_holds::service.eq(service))
        .filter(wallet_holds::reference.eq(reference))
        .select((Row::as_select(), wallet_holds::expires_at.le(now)))
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(|(row, is_due): (Row, bool)| Hold::from(row).as_of_now(is_due)))
}

/// Ends a hold of a plan that is locked, paid with `captured` or not at all.
pub(super) async fn end(
    connection: &mut AsyncPgConnection,
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

/// Adds to what was paid back. The CHECK refuses more than was paid.
pub(super) async fn refund(connection: &mut AsyncPgConnection, hold: Uuid, amount: &BigDecimal) -> QueryResult<Hold> {
    diesel::update(wallet_holds::table.find(hold))
        .set((wallet_holds::refunded_amount.eq(wallet_holds::refunded_amount + amount), wallet_holds::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Frees what a plan that is locked has held for too long, and gives the plan without it.
pub(super) async fn expire(connection: &mut AsyncPgConnection, plan: Plan) -> QueryResult<Plan> {
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

/// Plans that hold money for too long, so many at most.
pub(super) async fn due(mut connection: &AsyncPgConnection, count: i64) -> QueryResult<Vec<Uuid>> {
    wallet_holds::table
        .filter(wallet_holds::status.eq(HoldStatus::Held))
        .filter(wallet_holds::expires_at.le(now))
        .order(wallet_holds::expires_at)
        .limit(count)
        .select(wallet_holds::family_plan_id)
        .load(&mut connection)
        .await
}

/// What is held of a plan's money now.
pub(crate) async fn held(mut connection: &AsyncPgConnection, plan: Uuid) -> QueryResult<BigDecimal> {
    wallet_holds::table
        .filter(wallet_holds::family_plan_id.eq(plan))
        .filter(wallet_holds::status.eq(HoldStatus::Held))
        .filter(wallet_holds::expires_at.gt(now))
        .select(sum(wallet_holds::amount))
        .first::<Option<BigDecimal>>(&mut connection)
        .await
        .map(Option::unwrap_or_default)
}

/// What a member had held between two instants and was not let go: what was paid, or is still held.
pub(super) async fn taken(
    mut connection: &AsyncPgConnection,
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
    let taken = |(status, in_time, amount, captured)| match status {
        HoldStatus::Held if in_time => amount,
        HoldStatus::Captured => captured,
        HoldStatus::Held | HoldStatus::Released | HoldStatus::Expired => BigDecimal::default(),
    };
    Ok(holds.into_iter().map(taken).sum())
}

async fn set_held(connection: &mut AsyncPgConnection, plan: Uuid, held: &BigDecimal) -> QueryResult<()> {
    diesel::update(family_plans::table.find(plan))
        .set((family_plans::wallet_held.eq(held), family_plans::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}
