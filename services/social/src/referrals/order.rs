//! Orders and their refunds, as the shop reports them: their queries.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use crate::schema::{order_refunds, orders};

/// Orders that are deleted at once.
const BATCH: i64 = 500;

/// An order, perhaps one of which only refunds were reported.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(super) struct Order {
    pub(super) user_id: Option<Uuid>,
    pub(super) amount: Option<BigDecimal>,
    pub(super) purchased_at: Option<DateTime<Utc>>,
    pub(super) is_first: bool,
    pub(super) refunded_amount: BigDecimal,
    pub(super) refunded_at: Option<DateTime<Utc>>,
}

/// A purchase to record.
#[derive(Debug, Clone)]
pub(super) struct Purchase {
    pub(super) order: String,
    pub(super) user: Uuid,
    pub(super) amount: BigDecimal,
}

/// Adds an order that is not known, and locks it.
pub(super) async fn lock(connection: &mut AsyncPgConnection, id: &str, at: DateTime<Utc>) -> QueryResult<Order> {
    let row = (orders::id.eq(Uuid::now_v7()), orders::order_id.eq(id), orders::created_at.eq(at));
    diesel::insert_into(orders::table).values(row).on_conflict_do_nothing().execute(connection).await?;
    orders::table.filter(orders::order_id.eq(id)).select(Order::as_select()).for_no_key_update().first(connection).await
}

/// Writes what was bought.
pub(super) async fn set_purchase(
    connection: &mut AsyncPgConnection,
    purchase: &Purchase,
    is_first: bool,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(orders::table.filter(orders::order_id.eq(&purchase.order)))
        .set((
            orders::user_id.eq(purchase.user),
            orders::amount.eq(&purchase.amount),
            orders::purchased_at.eq(at),
            orders::is_first.eq(is_first),
            orders::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Adds a refund, unless it is known. Returns the amount of a refund that is known.
pub(super) async fn add_refund(
    connection: &mut AsyncPgConnection,
    (order, refund): (&str, &str),
    amount: &BigDecimal,
    at: DateTime<Utc>,
) -> QueryResult<Option<BigDecimal>> {
    let known = order_refunds::table.find((order, refund)).select(order_refunds::amount);
    if let Some(amount) = known.first(connection).await.optional()? {
        return Ok(Some(amount));
    }
    // Nobody else has added it: the order is locked.
    let row = (
        order_refunds::order_id.eq(order),
        order_refunds::refund_id.eq(refund),
        order_refunds::amount.eq(amount),
        order_refunds::created_at.eq(at),
    );
    diesel::insert_into(order_refunds::table).values(row).execute(connection).await?;
    Ok(None)
}

/// Writes how much of an order was refunded.
pub(super) async fn set_refunded(connection: &mut AsyncPgConnection, id: &str, amount: &BigDecimal) -> QueryResult<()> {
    let changed = (orders::refunded_amount.eq(amount), orders::updated_at.eq(now));
    diesel::update(orders::table.filter(orders::order_id.eq(id))).set(changed).execute(connection).await.map(|_| ())
}

/// Writes that all of an order was refunded, and whether that was too late.
pub(super) async fn set_fully_refunded(
    connection: &mut AsyncPgConnection,
    id: &str,
    at: DateTime<Utc>,
    is_late: bool,
) -> QueryResult<()> {
    diesel::update(orders::table.filter(orders::order_id.eq(id)))
        .set((orders::refunded_at.eq(at), orders::was_refunded_late.eq(is_late), orders::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns whether a user has bought something.
pub(super) async fn is_customer(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let first = orders::table.filter(orders::user_id.eq(user)).filter(orders::is_first);
    diesel::select(exists(first)).get_result(&mut connection).await
}

/// Returns a user's first order.
pub(super) async fn first_of(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Option<Order>> {
    let first = orders::table.filter(orders::user_id.eq(user)).filter(orders::is_first).select(Order::as_select());
    first.first(&mut connection).await.optional()
}

/// Deletes some of the orders that are nobody's first and were reported before `until`, with their refunds. Returns whether there may be
/// more.
pub(super) async fn forget(connection: &mut AsyncPgConnection, until: DateTime<Utc>) -> QueryResult<bool> {
    let old: Vec<String> = orders::table
        .filter(diesel::dsl::not(orders::is_first))
        .filter(orders::created_at.le(until))
        .order((orders::created_at, orders::order_id))
        .select(orders::order_id)
        .limit(BATCH)
        .for_update()
        .skip_locked()
        .load(connection)
        .await?;
    diesel::delete(orders::table.filter(orders::order_id.eq_any(&old))).execute(connection).await?;
    Ok(old.len() == usize::try_from(BATCH).unwrap_or_default())
}

/// A refund that came too late to take a reward back.
#[derive(Debug, Queryable)]
pub(super) struct LateRefund {
    pub(super) order: String,
    pub(super) user: Uuid,
    pub(super) amount: BigDecimal,
    pub(super) at: DateTime<Utc>,
}

/// Lists late refunds, latest first.
pub(super) async fn late_refunds(
    mut connection: &AsyncPgConnection,
    page: &PageRequest<(DateTime<Utc>, String)>,
) -> QueryResult<Vec<LateRefund>> {
    let late = orders::table.filter(orders::was_refunded_late).into_boxed();
    let late = match page.after.clone() {
        Some(after) => late.filter(pair(orders::refunded_at.assume_not_null(), orders::order_id).lt(after)),
        None => late,
    };
    late.order((orders::refunded_at.desc(), orders::order_id.desc()))
        .limit(page.fetch())
        .select((
            orders::order_id,
            orders::user_id.assume_not_null(),
            orders::refunded_amount,
            orders::refunded_at.assume_not_null(),
        ))
        .load(&mut connection)
        .await
}
