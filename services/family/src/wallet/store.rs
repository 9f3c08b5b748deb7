//! Queries of the ledger.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{now, sum};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Entry, EntryKind, Movement};
use crate::schema::{family_plans, wallet_entries};

orchard_db::text_column!(EntryKind);

#[derive(Queryable, Selectable)]
#[diesel(table_name = wallet_entries)]
struct Row {
    id: Uuid,
    sequence: i64,
    kind: EntryKind,
    amount: BigDecimal,
    balance: BigDecimal,
    user_id: Option<Uuid>,
    reason: Option<String>,
    created_at: DateTime<Utc>,
    service: String,
    hold_id: Option<Uuid>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            sequence: row.sequence,
            kind: row.kind,
            amount: row.amount,
            balance: row.balance,
            user_id: row.user_id,
            reason: row.reason.unwrap_or_default(),
            created_at: row.created_at,
            service: row.service,
            hold_id: row.hold_id,
        }
    }
}

/// Who moves money, and under which name that is unique for ever.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    pub(crate) user: Option<Uuid>,
    pub(crate) service: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) hold: Option<Uuid>,
}

/// Writes a line and moves the balance of a plan that is locked. The CHECK on the balance refuses an overdraft, whatever the callers do.
///
/// Both statements are sent at once: others wait for the plan as long as this one's answers take.
pub(crate) async fn append(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    plan: Uuid,
    movement: &Movement,
    source: Source<'_>,
) -> QueryResult<Entry> {
    let (mut moving, mut writing) = (&*connection, &*connection);
    let moved = diesel::update(family_plans::table.find(plan))
        .set((
            family_plans::shared_wallet_balance.eq(&movement.balance),
            family_plans::wallet_sequence.eq(movement.sequence),
            family_plans::updated_at.eq(now),
        ))
        .execute(&mut moving);
    let written = diesel::insert_into(wallet_entries::table)
        .values((
            wallet_entries::id.eq(id),
            wallet_entries::family_plan_id.eq(plan),
            wallet_entries::sequence.eq(movement.sequence),
            wallet_entries::kind.eq(movement.kind),
            wallet_entries::amount.eq(&movement.amount),
            wallet_entries::balance.eq(&movement.balance),
            wallet_entries::user_id.eq(source.user),
            wallet_entries::service.eq(source.service),
            wallet_entries::reference.eq(source.reference),
            // Of whoever was erased while it was held.
            wallet_entries::reason.eq((!source.reason.is_empty()).then_some(source.reason)),
            wallet_entries::hold_id.eq(source.hold),
        ))
        .returning(Row::as_returning())
        .get_result::<Row>(&mut writing);
    let (_, row) = tokio::try_join!(moved, written)?;
    Ok(row.into())
}

/// A line by its id.
pub(super) async fn get(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Entry> {
    wallet_entries::table.find(id).select(Row::as_select()).first(&mut connection).await.map(Row::into)
}

/// The line that a service wrote under its own reference.
pub(crate) async fn by_reference(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
    service: &str,
    reference: &str,
) -> QueryResult<Option<Entry>> {
    wallet_entries::table
        .filter(wallet_entries::family_plan_id.eq(plan))
        .filter(wallet_entries::service.eq(service))
        .filter(wallet_entries::reference.eq(reference))
        .select(Row::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// What a member spent themselves between two instants.
pub(crate) async fn spent(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
    user: Uuid,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<BigDecimal> {
    wallet_entries::table
        .filter(wallet_entries::user_id.eq(user))
        .filter(wallet_entries::family_plan_id.eq(plan))
        .filter(wallet_entries::kind.eq(EntryKind::Spend))
        .filter(wallet_entries::created_at.ge(from))
        .filter(wallet_entries::created_at.lt(to))
        .select(sum(wallet_entries::amount))
        .first::<Option<BigDecimal>>(&mut connection)
        .await
        .map(|total| -total.unwrap_or_default())
}

/// Lines before the position `before`, newest first.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
    before: Option<i64>,
    count: i64,
) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = wallet_entries::table
        .filter(wallet_entries::family_plan_id.eq(plan))
        .filter(wallet_entries::sequence.lt(before.unwrap_or(i64::MAX)))
        .order(wallet_entries::sequence.desc())
        .limit(count)
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Row::into).collect())
}
