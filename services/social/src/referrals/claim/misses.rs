//! How often users have claimed codes that do not exist.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{case_when, now};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamptz};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::interval;
use uuid::Uuid;

use crate::schema::referral_code_misses;

/// Codes that do not exist that a user may claim within [`SPAN`].
const MAX: i32 = 10;
const SPAN: Duration = Duration::from_secs(60 * 60);

/// Counts a claim as if its code did not exist. Returns how long the user must wait, if that was too many.
pub(super) async fn charge(connection: &mut AsyncPgConnection, user: Uuid, ahead: Duration) -> QueryResult<Option<Duration>> {
    let at = now.into_sql::<Timestamptz>() + interval(ahead);
    let is_new = (referral_code_misses::since + interval(SPAN)).le(excluded(referral_code_misses::since));
    let (misses, since, new): (i32, DateTime<Utc>, DateTime<Utc>) = diesel::insert_into(referral_code_misses::table)
        .values((referral_code_misses::user_id.eq(user), referral_code_misses::since.eq(at), referral_code_misses::misses.eq(1)))
        .on_conflict(referral_code_misses::user_id)
        .do_update()
        .set((
            referral_code_misses::misses
                .eq(case_when(is_new, 1.into_sql::<Integer>()).otherwise(referral_code_misses::misses + 1)),
            referral_code_misses::since
                .eq(case_when(is_new, excluded(referral_code_misses::since)).otherwise(referral_code_misses::since)),
        ))
        .returning((referral_code_misses::misses, referral_code_misses::since, at))
        .get_result(connection)
        .await?;
    let rest = since + TimeDelta::from_std(SPAN).unwrap_or_default() - new;
    Ok((misses > MAX).then(|| rest.to_std().unwrap_or_default()))
}

/// Takes back a [`charge`]: the code exists.
pub(super) async fn take_back(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    diesel::update(referral_code_misses::table.find(user))
        .filter(referral_code_misses::misses.gt(0))
        .set(referral_code_misses::misses.eq(referral_code_misses::misses - 1))
        .execute(connection)
        .await
        .map(|_| ())
}
