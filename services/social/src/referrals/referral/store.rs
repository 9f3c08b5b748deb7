//! Queries of referrals.

use std::collections::BTreeSet;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, exists, not, now, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use orchard_rpc::PageRequest;
use serde_json::Value;
use uuid::Uuid;

use super::{LatestFirst, Referral, RewardStatus};
use crate::referrals::sharing::{Method, Sharing, Source};
use crate::schema::{referrals, users};
use crate::visibility::visible_to;

/// Referrals that are credited or end at once.
const BATCH: i64 = 200;

#[derive(Queryable, Selectable)]
#[diesel(table_name = referrals)]
pub(in crate::referrals) struct Row {
    id: Uuid,
    referrer_id: Uuid,
    referee_id: Option<Uuid>,
    referral_code: String,
    referral_method: Option<Method>,
    referral_source: Option<Source>,
    metadata: Option<Value>,
    invited_at: DateTime<Utc>,
    signed_up_at: Option<DateTime<Utc>>,
    first_purchase_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    reward_status: RewardStatus,
    reward_amount: Option<BigDecimal>,
    bonus_tier: i32,
    credit_due_at: Option<DateTime<Utc>>,
    reversed_at: Option<DateTime<Utc>>,
}

impl From<Row> for Referral {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            referrer_id: row.referrer_id,
            referee_id: row.referee_id,
            code: row.referral_code,
            sharing: Sharing { method: row.referral_method, source: row.referral_source, metadata: row.metadata },
            invited_at: row.invited_at,
            signed_up_at: row.signed_up_at,
            first_purchase_at: row.first_purchase_at,
            expires_at: row.expires_at,
            reward_status: row.reward_status,
            reward_amount: row.reward_amount,
            bonus_tier: row.bonus_tier,
            credit_due_at: row.credit_due_at,
            reversed_at: row.reversed_at,
        }
    }
}

/// A referral to insert.
#[derive(Debug)]
pub(in crate::referrals) struct New<'a> {
    pub(in crate::referrals) id: Uuid,
    pub(in crate::referrals) referrer: Uuid,
    /// The referee and when they have claimed; `None` for an invitation.
    pub(in crate::referrals) claim: Option<(Uuid, DateTime<Utc>)>,
    pub(in crate::referrals) code: &'a str,
    pub(in crate::referrals) sharing: &'a Sharing,
    pub(in crate::referrals) invited_at: DateTime<Utc>,
    pub(in crate::referrals) expires_at: DateTime<Utc>,
}

/// Inserts a referral, unless its code is taken, and returns whether it did.
pub(in crate::referrals) async fn insert(mut connection: &AsyncPgConnection, new: &New<'_>) -> QueryResult<bool> {
    diesel::insert_into(referrals::table)
        .values((
            referrals::id.eq(new.id),
            referrals::referrer_id.eq(new.referrer),
            referrals::referee_id.eq(new.claim.map(|(referee, _)| referee)),
            referrals::signed_up_at.eq(new.claim.map(|(_, at)| at)),
            referrals::referral_code.eq(new.code),
            referrals::referral_method.eq(new.sharing.method),
            referrals::referral_source.eq(new.sharing.source),
            referrals::metadata.eq(&new.sharing.metadata),
            referrals::invited_at.eq(new.invited_at),
            referrals::expires_at.eq(new.expires_at),
        ))
        .on_conflict(referrals::referral_code)
        .do_nothing()
        .execute(&mut connection)
        .await
        .map(|inserted| inserted == 1)
}

/// Deletes a referral.
pub(in crate::referrals) async fn delete(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::delete(referrals::table.find(id)).execute(connection).await.map(|_| ())
}

/// Returns a referral.
pub(in crate::referrals) async fn get(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Referral> {
    referrals::table.find(id).select(Row::as_select()).first::<Row>(&mut connection).await.map(Row::into)
}

/// Locks a referral.
pub(in crate::referrals) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Referral> {
    let row = referrals::table.find(id).select(Row::as_select()).for_no_key_update();
    row.first::<Row>(connection).await.map(Row::into)
}

/// Returns the id and the referrer of the referral by which a user was referred.
pub(in crate::referrals) async fn of_referee(
    mut connection: &AsyncPgConnection,
    user: Uuid,
) -> QueryResult<Option<(Uuid, Uuid)>> {
    let found = referrals::table.filter(referrals::referee_id.eq(user)).select((referrals::id, referrals::referrer_id));
    found.first(&mut connection).await.optional()
}

/// Returns whether a user was referred.
pub(in crate::referrals) async fn is_referred(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    diesel::select(exists(referrals::table.filter(referrals::referee_id.eq(user)))).get_result(&mut connection).await
}

/// Returns how many claims of a referrer's codes were accepted after a time, up to `most`.
pub(in crate::referrals) async fn accepted(
    mut connection: &AsyncPgConnection,
    referrer: Uuid,
    since: DateTime<Utc>,
    most: i64,
) -> QueryResult<i64> {
    let accepted: Vec<Uuid> = referrals::table
        .filter(referrals::referrer_id.eq(referrer))
        .filter(referrals::signed_up_at.gt(since))
        .select(referrals::id)
        .limit(most)
        .load(&mut connection)
        .await?;
    Ok(i64::try_from(accepted.len()).unwrap_or(most))
}

/// Returns how many rewards of a referrer are earned or credited, up to `most`.
pub(in crate::referrals) async fn conversions(mut connection: &AsyncPgConnection, referrer: Uuid, most: i64) -> QueryResult<i64> {
    let converted: Vec<Uuid> = referrals::table
        .filter(referrals::referrer_id.eq(referrer))
        .filter(referrals::reward_status.eq_any([RewardStatus::Earned, RewardStatus::Credited]))
        .select(referrals::id)
        .limit(most)
        .load(&mut connection)
        .await?;
    Ok(i64::try_from(converted.len()).unwrap_or(most))
}

/// Writes who has claimed an invitation, and when.
pub(in crate::referrals) async fn set_referee(
    mut connection: &AsyncPgConnection,
    id: Uuid,
    (referee, at): (Uuid, DateTime<Utc>),
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(referrals::table.find(id))
        .set((
            referrals::referee_id.eq(referee),
            referrals::signed_up_at.eq(at),
            referrals::expires_at.eq(expires_at),
            // An invitation whose claim was refused may have expired until a moderator approves it.
            referrals::reward_status.eq(RewardStatus::Pending),
            referrals::updated_at.eq(now),
        ))
        .execute(&mut connection)
        .await
        .map(|_| ())
}

/// What becomes of a reward.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = referrals)]
pub(in crate::referrals) struct Outcome {
    pub(in crate::referrals) first_purchase_at: Option<DateTime<Utc>>,
    pub(in crate::referrals) reward_status: Option<RewardStatus>,
    pub(in crate::referrals) reward_amount: Option<BigDecimal>,
    pub(in crate::referrals) bonus_tier: Option<i32>,
    pub(in crate::referrals) credit_due_at: Option<DateTime<Utc>>,
    pub(in crate::referrals) reversed_at: Option<DateTime<Utc>>,
}

/// Writes what becomes of a reward. `None` leaves a column as it is.
pub(in crate::referrals) async fn set(connection: &mut AsyncPgConnection, id: Uuid, outcome: &Outcome) -> QueryResult<()> {
    let changed = diesel::update(referrals::table.find(id)).set((outcome, referrals::updated_at.eq(now)));
    changed.execute(connection).await.map(|_| ())
}

/// Lists a user's referrals. The state of the reward is that at `at`.
pub(in crate::referrals) async fn list(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    status: Option<RewardStatus>,
    page: &PageRequest<LatestFirst>,
    at: DateTime<Utc>,
) -> QueryResult<Vec<Referral>> {
    let own = referrals::table.filter(referrals::referrer_id.eq(user)).into_boxed();
    let own = match page.after {
        Some(after) => own.filter(pair(referrals::invited_at, referrals::id).lt(after)),
        None => own,
    };
    let waits = referrals::reward_status.eq(RewardStatus::Pending).and(referrals::first_purchase_at.is_null());
    let is_over = waits.and(referrals::expires_at.le(at));
    let is_due = referrals::reward_status.eq(RewardStatus::Earned).and(referrals::credit_due_at.assume_not_null().le(at));
    let own = match status {
        None => own,
        Some(RewardStatus::Pending) => own.filter(referrals::reward_status.eq(RewardStatus::Pending).and(not(is_over))),
        Some(RewardStatus::Earned) => own
            .filter(referrals::reward_status.eq(RewardStatus::Earned))
            .filter(referrals::credit_due_at.assume_not_null().gt(at)),
        Some(RewardStatus::Credited) => own.filter(referrals::reward_status.eq(RewardStatus::Credited).or(is_due)),
        Some(RewardStatus::Expired) => own.filter(referrals::reward_status.eq(RewardStatus::Expired).or(is_over)),
    };
    let rows: Vec<Row> = own
        .order((referrals::invited_at.desc(), referrals::id.desc()))
        .limit(page.fetch())
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Row::into).collect())
}

/// Returns those of these users whose profiles a user may see.
pub(in crate::referrals) async fn visible(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    of: Vec<Uuid>,
) -> QueryResult<BTreeSet<Uuid>> {
    let seen = users::table.filter(users::id.eq_any(of)).filter(visible_to(user)).select(users::id);
    Ok(seen.load(&mut connection).await?.into_iter().collect())
}

/// Returns how many invitations of a user have no referee, those included whose claim was refused.
pub(in crate::referrals) async fn count_open(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<i64> {
    referrals::table
        .filter(referrals::referrer_id.eq(user))
        .filter(referrals::reward_status.eq(RewardStatus::Pending))
        .filter(referrals::referee_id.is_null())
        .select(count_star())
        .first(&mut connection)
        .await
}

/// Makes rewards of a referrer, who must be locked, credited if their hold is over, and returns their amounts.
pub(in crate::referrals) async fn credit_due(
    connection: &mut AsyncPgConnection,
    referrer: Uuid,
    at: DateTime<Utc>,
) -> QueryResult<Vec<(Uuid, BigDecimal)>> {
    let due: Vec<Uuid> = referrals::table
        .filter(referrals::referrer_id.eq(referrer))
        .filter(referrals::reward_status.eq(RewardStatus::Earned))
        .filter(referrals::credit_due_at.le(at))
        .order((referrals::credit_due_at, referrals::id))
        .select(referrals::id)
        .limit(BATCH)
        .for_no_key_update()
        .load(connection)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    diesel::update(referrals::table.filter(referrals::id.eq_any(due)))
        .set((
            referrals::reward_status.eq(RewardStatus::Credited),
            // The clock has ended the hold, not the sweep.
            referrals::credited_at.eq(referrals::credit_due_at),
            referrals::updated_at.eq(now),
        ))
        .returning((referrals::id, referrals::reward_amount.assume_not_null()))
        .get_results(connection)
        .await
}

/// Returns referrers some of whose rewards are due, those of a page after `after`.
pub(in crate::referrals) async fn due_referrers(
    mut connection: &AsyncPgConnection,
    at: DateTime<Utc>,
    after: (DateTime<Utc>, Uuid),
) -> QueryResult<Vec<(DateTime<Utc>, Uuid, Uuid)>> {
    let due = referrals::credit_due_at.assume_not_null();
    referrals::table
        // As in the index.
        .filter(sql::<Bool>("reward_status = 'earned'"))
        .filter(referrals::credit_due_at.le(at))
        .filter(pair(due, referrals::id).gt(after))
        .order((referrals::credit_due_at, referrals::id))
        .select((due, referrals::id, referrals::referrer_id))
        .limit(BATCH)
        .load(&mut connection)
        .await
}

/// Ends some of the referrals whose time is over, skipping those that others have locked. Returns their ids.
pub(in crate::referrals) async fn expire(connection: &mut AsyncPgConnection, at: DateTime<Utc>) -> QueryResult<Vec<Uuid>> {
    let over: Vec<Uuid> = referrals::table
        // As in the index.
        .filter(sql::<Bool>("reward_status = 'pending' AND first_purchase_at IS NULL"))
        .filter(referrals::expires_at.le(at))
        .order((referrals::expires_at, referrals::id))
        .select(referrals::id)
        .limit(BATCH)
        .for_no_key_update()
        .skip_locked()
        .load(connection)
        .await?;
    diesel::update(referrals::table.filter(referrals::id.eq_any(&over)))
        .set((referrals::reward_status.eq(RewardStatus::Expired), referrals::updated_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(over)
}
