//! Queries of credits, their ledger, and redemptions.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now, sum};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::{Credits, EntryKind, Redemption, RedemptionStatus};
use crate::referrals::referral::RewardStatus;
use crate::schema::{credit_entries, redemptions, referrals, users};

/// An entry of the ledger.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = credit_entries)]
pub(in crate::referrals) struct Entry {
    pub(in crate::referrals) id: Uuid,
    pub(in crate::referrals) kind: EntryKind,
    pub(in crate::referrals) amount: BigDecimal,
    pub(in crate::referrals) available: BigDecimal,
    pub(in crate::referrals) referral_id: Option<Uuid>,
    pub(in crate::referrals) redemption_id: Option<Uuid>,
    pub(in crate::referrals) created_at: DateTime<Utc>,
}

/// An entry to append.
#[derive(Debug, Insertable)]
#[diesel(table_name = credit_entries)]
pub(in crate::referrals) struct NewEntry {
    id: Uuid,
    user_id: Uuid,
    kind: EntryKind,
    amount: BigDecimal,
    available: BigDecimal,
    referral_id: Option<Uuid>,
    redemption_id: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl NewEntry {
    pub(in crate::referrals) fn referral(
        user: Uuid,
        referral: Uuid,
        amount: &BigDecimal,
        available: BigDecimal,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            user_id: user,
            kind: EntryKind::Referral,
            amount: amount.clone(),
            available,
            referral_id: Some(referral),
            redemption_id: None,
            created_at: at,
        }
    }

    pub(in crate::referrals) fn redemption(
        redemption: &Redemption,
        kind: EntryKind,
        available: BigDecimal,
        at: DateTime<Utc>,
    ) -> Self {
        let amount = &redemption.amount;
        Self {
            id: Uuid::now_v7(),
            user_id: redemption.user_id,
            kind,
            amount: if kind == EntryKind::Redemption { -amount } else { amount.clone() },
            available,
            referral_id: None,
            redemption_id: Some(redemption.id),
            created_at: at,
        }
    }
}

/// Returns the credits of a user; none of one who is not known.
pub(in crate::referrals) async fn get(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Credits> {
    let columns = (users::referral_credits_earned, users::referral_credits_redeemed);
    let found: Option<(BigDecimal, BigDecimal)> =
        users::table.find(user).select(columns).first(&mut connection).await.optional()?;
    Ok(found.map(|(earned, redeemed)| Credits { earned, redeemed }).unwrap_or_default())
}

/// Returns the sums of a user's rewards whose hold is over and is not over, which are not credited yet.
pub(in crate::referrals) async fn uncredited(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    at: DateTime<Utc>,
) -> QueryResult<(BigDecimal, BigDecimal)> {
    let (due, held): (Option<BigDecimal>, Option<BigDecimal>) = referrals::table
        .filter(referrals::referrer_id.eq(user))
        .filter(referrals::reward_status.eq(RewardStatus::Earned))
        .select((
            sum(referrals::reward_amount).aggregate_filter(referrals::credit_due_at.assume_not_null().le(at)),
            sum(referrals::reward_amount).aggregate_filter(referrals::credit_due_at.assume_not_null().gt(at)),
        ))
        .first(&mut connection)
        .await?;
    Ok((due.unwrap_or_default(), held.unwrap_or_default()))
}

/// Appends entries to the ledger of a user, who must be locked, and writes the credits after them. The CHECK on the columns refuses what
/// would be too much, whatever the caller does.
pub(in crate::referrals) async fn append(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    credits: &Credits,
    entries: &[NewEntry],
) -> QueryResult<()> {
    diesel::update(users::table.find(user))
        .set((
            users::referral_credits_earned.eq(&credits.earned),
            users::referral_credits_redeemed.eq(&credits.redeemed),
            users::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    diesel::insert_into(credit_entries::table).values(entries).execute(connection).await.map(|_| ())
}

/// Lists the ledger of a user, latest first. Ids are made under the lock of the user, so they tell the order; a transaction that has waited
/// for the lock began before.
pub(in crate::referrals) async fn list(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    page: &PageRequest<Uuid>,
) -> QueryResult<Vec<Entry>> {
    let own = credit_entries::table.filter(credit_entries::user_id.eq(user)).into_boxed();
    let own = match page.after {
        Some(after) => own.filter(credit_entries::id.lt(after)),
        None => own,
    };
    own.order(credit_entries::id.desc()).limit(page.fetch()).select(Entry::as_select()).load(&mut connection).await
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = redemptions)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    family_plan_id: Uuid,
    amount: BigDecimal,
    status: RedemptionStatus,
    refusal_reason: Option<String>,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Redemption {
    fn from(row: Row) -> Self {
        let Row { id, user_id, family_plan_id, amount, status, refusal_reason, created_at, ended_at } = row;
        Self { id, user_id, family_plan_id, amount, status, refusal_reason, created_at, ended_at }
    }
}

/// Inserts a redemption.
pub(in crate::referrals) async fn insert(connection: &mut AsyncPgConnection, new: &Redemption) -> QueryResult<()> {
    diesel::insert_into(redemptions::table)
        .values((
            redemptions::id.eq(new.id),
            redemptions::user_id.eq(new.user_id),
            redemptions::family_plan_id.eq(new.family_plan_id),
            redemptions::amount.eq(&new.amount),
            redemptions::created_at.eq(new.created_at),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns a redemption of a user.
pub(in crate::referrals) async fn find(
    mut connection: &AsyncPgConnection,
    id: Uuid,
    user: Uuid,
) -> QueryResult<Option<Redemption>> {
    let own = redemptions::table.find(id).filter(redemptions::user_id.eq(user)).select(Row::as_select());
    Ok(own.first::<Row>(&mut connection).await.optional()?.map(Row::into))
}

/// Returns whether a user has a redemption that the family service has not answered.
pub(in crate::referrals) async fn has_pending(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let pending =
        redemptions::table.filter(redemptions::user_id.eq(user)).filter(redemptions::status.eq(RedemptionStatus::Pending));
    diesel::select(exists(pending)).get_result(&mut connection).await
}

/// Returns the users of those of these redemptions that are known.
pub(in crate::referrals) async fn users_of(mut connection: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    redemptions::table.filter(redemptions::id.eq_any(ids)).select(redemptions::user_id).load(&mut connection).await
}

/// Locks a redemption.
pub(in crate::referrals) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Redemption>> {
    let row = redemptions::table.find(id).select(Row::as_select()).for_no_key_update();
    Ok(row.first::<Row>(connection).await.optional()?.map(Row::into))
}

/// Ends a redemption.
pub(in crate::referrals) async fn end(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    status: RedemptionStatus,
    reason: Option<&str>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(redemptions::table.find(id))
        .set((
            redemptions::status.eq(status),
            redemptions::refusal_reason.eq(reason),
            redemptions::ended_at.eq(at),
            redemptions::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}
