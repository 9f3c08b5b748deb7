//! Queries of the ledger.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{now, sum};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use orchard_db::Connection;
use uuid::Uuid;

use super::{EntryKind, Movement, WalletEntry};
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

impl From<Row> for WalletEntry {
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

/// Who moves money, why, and under which reference, which is unique in the plan for the service forever.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    pub(crate) user: Option<Uuid>,
    pub(crate) service: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) hold: Option<Uuid>,
}

/// Inserts an entry and updates the balance of a locked plan. The CHECK on the balance refuses an overdraft, whatever the caller does.
///
/// Both statements are sent at once, because other writers of the plan wait for as long as the lock is held.
pub(crate) async fn append(
    connection: &mut Connection,
    id: Uuid,
    plan: Uuid,
    movement: &Movement,
    source: Source<'_>,
) -> QueryResult<WalletEntry> {
    let (mut first, mut second) = (&*connection, &*connection);
    let updated = diesel::update(family_plans::table.find(plan))
        .set((
            family_plans::shared_wallet_balance.eq(&movement.balance),
            family_plans::wallet_sequence.eq(movement.sequence),
            family_plans::updated_at.eq(now),
        ))
        .execute(&mut first);
    let inserted = diesel::insert_into(wallet_entries::table)
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
            // A hold has no reason when its user was erased.
            wallet_entries::reason.eq((!source.reason.is_empty()).then_some(source.reason)),
            wallet_entries::hold_id.eq(source.hold),
        ))
        .returning(Row::as_returning())
        .get_result::<Row>(&mut second);
    let (_, row) = tokio::try_join!(updated, inserted)?;
    Ok(row.into())
}

/// Returns an entry by its id.
pub(crate) async fn get(mut connection: &Connection, id: Uuid) -> QueryResult<WalletEntry> {
    wallet_entries::table.find(id).select(Row::as_select()).first(&mut connection).await.map(Row::into)
}

/// Returns the entry that a service has written under a reference.
pub(crate) async fn by_reference(
    mut connection: &Connection,
    plan: Uuid,
    service: &str,
    reference: &str,
) -> QueryResult<Option<WalletEntry>> {
    let query = wallet_entries::table
        .filter(wallet_entries::family_plan_id.eq(plan))
        .filter(wallet_entries::service.eq(service))
        .filter(wallet_entries::reference.eq(reference))
        .select(Row::as_select());
    Ok(query.first(&mut connection).await.optional()?.map(Row::into))
}

/// Returns what a member has spent by themselves between two instants.
pub(crate) async fn spent(
    mut connection: &Connection,
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

/// Lists the entries of a plan after the sequence `after`, newest first.
pub(crate) async fn list(
    mut connection: &Connection,
    plan: Uuid,
    after: Option<i64>,
    count: i64,
) -> QueryResult<Vec<WalletEntry>> {
    let rows: Vec<Row> = wallet_entries::table
        .filter(wallet_entries::family_plan_id.eq(plan))
        .filter(wallet_entries::sequence.lt(after.unwrap_or(i64::MAX)))
        .order(wallet_entries::sequence.desc())
        .limit(count)
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Row::into).collect())
}
