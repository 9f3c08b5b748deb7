//! Queries of fingerprints.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Fingerprint, FingerprintKind};
use crate::schema::{fingerprints, users};

/// Fingerprints that are deleted at once.
const BATCH: i64 = 1_000;

diesel::alias! {
    const THEIRS: Alias<Theirs> = fingerprints as theirs;
}

/// Another user with a fingerprint of the user who was asked about.
#[derive(Debug, Queryable)]
pub(in crate::referrals) struct Holder {
    pub(in crate::referrals) user: Uuid,
    /// The group of the user.
    pub(in crate::referrals) group: Option<Uuid>,
    pub(in crate::referrals) kind: FingerprintKind,
}

/// Records fingerprints of a user, or that they were seen again.
pub(in crate::referrals) async fn record(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    kind: FingerprintKind,
    all: &[Fingerprint],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    // In order, so that two transactions that record the same ones do not deadlock. Each only once, as ON CONFLICT requires.
    let mut all: Vec<&[u8]> = all.iter().map(Fingerprint::bytes).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return Ok(());
    }
    let row = |hash: &[u8]| {
        (
            fingerprints::user_id.eq(user),
            fingerprints::kind.eq(kind),
            fingerprints::fingerprint.eq(hash.to_vec()),
            fingerprints::recorded_at.eq(now),
        )
    };
    diesel::insert_into(fingerprints::table)
        .values(all.into_iter().map(row).collect::<Vec<_>>())
        .on_conflict((fingerprints::user_id, fingerprints::kind, fingerprints::fingerprint))
        .do_update()
        .set(fingerprints::recorded_at.eq(excluded(fingerprints::recorded_at)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns the other users who have a fingerprint of this user, and are in a group or are `other`, which has none yet.
pub(in crate::referrals) async fn holders(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    other: Uuid,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Holder>> {
    let (kind, hash) = (THEIRS.field(fingerprints::kind), THEIRS.field(fingerprints::fingerprint));
    let (holder, recorded) = (THEIRS.field(fingerprints::user_id), THEIRS.field(fingerprints::recorded_at));
    fingerprints::table
        .inner_join(THEIRS.on(kind.eq(fingerprints::kind).and(hash.eq(fingerprints::fingerprint))))
        .inner_join(users::table.on(users::id.eq(holder)))
        .filter(fingerprints::user_id.eq(user).and(fingerprints::recorded_at.gt(since)))
        .filter(holder.ne(user).and(recorded.gt(since)))
        .filter(users::referral_group_id.is_not_null().or(users::id.eq(other)))
        .select((users::id, users::referral_group_id, fingerprints::kind))
        .distinct()
        .load(&mut connection)
        .await
}

/// Deletes some of the fingerprints that were recorded last before `until`, the oldest. Returns whether there may be more.
pub(in crate::referrals) async fn forget(connection: &mut AsyncPgConnection, until: DateTime<Utc>) -> QueryResult<bool> {
    let old = fingerprints::table.filter(fingerprints::recorded_at.le(until));
    let last_of_batch = old.order(fingerprints::recorded_at).select(fingerprints::recorded_at).offset(BATCH - 1);
    let last: Option<DateTime<Utc>> = last_of_batch.first(connection).await.optional()?;
    let batch = fingerprints::table.filter(fingerprints::recorded_at.le(last.unwrap_or(until)));
    diesel::delete(batch).execute(connection).await?;
    Ok(last.is_some())
}
