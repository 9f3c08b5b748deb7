//! Queries of the lists of friends, requests and blocks, and of how long they are.

use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, count_star};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Status;
use crate::people::profile::Profile;
use crate::people::profile::store::Row as ProfileRow;
use crate::people::profile::visibility::visible_to;
use crate::schema::{friendships, users};

/// The friendships rows of `$me`, with the row of the other in `users`.
macro_rules! ties {
    ($me:expr) => {{
        let other =
            case_when(friendships::first_user_id.eq($me), friendships::second_user_id).otherwise(friendships::first_user_id);
        friendships::table
            .inner_join(users::table.on(users::id.eq(other)))
            .filter(friendships::first_user_id.eq($me).or(friendships::second_user_id.eq($me)))
    }};
}

/// Friends by request whom `me` may see, behind `after`, and since when.
pub(super) async fn friends(
    mut connection: &AsyncPgConnection,
    me: Uuid,
    after: Option<Uuid>,
    count: i64,
) -> QueryResult<Vec<(Profile, DateTime<Utc>)>> {
    let rows: Vec<(ProfileRow, Option<DateTime<Utc>>)> = ties!(me)
        .filter(friendships::status.eq(Status::Accepted))
        .filter(visible_to(me))
        .filter(users::id.gt(after.unwrap_or_default()))
        .order(users::id)
        .limit(count)
        .select((ProfileRow::as_select(), friendships::accepted_at))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|(row, since)| (row.into(), since.unwrap_or_default())).collect())
}

/// Friends by request, seen or not.
pub(crate) async fn friend_ids(mut connection: &AsyncPgConnection, me: Uuid) -> QueryResult<Vec<Uuid>> {
    ties!(me).filter(friendships::status.eq(Status::Accepted)).select(users::id).load(&mut connection).await
}

/// Those of these users whom `me` may see, behind `after`.
pub(super) async fn seen(
    mut connection: &AsyncPgConnection,
    me: Uuid,
    ids: &[Uuid],
    after: Option<Uuid>,
    count: i64,
) -> QueryResult<Vec<Profile>> {
    let rows: Vec<ProfileRow> = users::table
        .filter(users::id.eq_any(ids))
        .filter(visible_to(me))
        .filter(users::id.gt(after.unwrap_or_default()))
        .order(users::id)
        .limit(count)
        .select(ProfileRow::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Profile::from).collect())
}

/// How many friends `me` may see: by request, and those of `family`.
pub(super) async fn count_friends(mut connection: &AsyncPgConnection, me: Uuid, family: &[Uuid]) -> QueryResult<i64> {
    let by_request: i64 = ties!(me)
        .filter(friendships::status.eq(Status::Accepted))
        .filter(visible_to(me))
        .filter(users::id.ne_all(family))
        .select(count_star())
        .first(&mut connection)
        .await?;
    let by_family = users::table.filter(users::id.eq_any(family)).filter(visible_to(me)).select(count_star());
    Ok(by_request + by_family.first::<i64>(&mut connection).await?)
}

/// Requests to `me` from those whom they may see, behind `after`.
pub(super) async fn incoming(
    mut connection: &AsyncPgConnection,
    me: Uuid,
    after: Option<Uuid>,
    count: i64,
) -> QueryResult<Vec<(Profile, DateTime<Utc>)>> {
    let rows: Vec<(ProfileRow, Option<DateTime<Utc>>)> = ties!(me)
        .filter(friendships::requested_by.is_not_distinct_from(users::id.nullable()))
        .filter(visible_to(me))
        .filter(users::id.gt(after.unwrap_or_default()))
        .order(users::id)
        .limit(count)
        .select((ProfileRow::as_select(), friendships::requested_at))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|(row, since)| (row.into(), since.unwrap_or_default())).collect())
}

/// How many requests `incoming` has in all.
pub(super) async fn count_incoming(mut connection: &AsyncPgConnection, me: Uuid) -> QueryResult<i64> {
    ties!(me)
        .filter(friendships::requested_by.is_not_distinct_from(users::id.nullable()))
        .filter(visible_to(me))
        .select(count_star())
        .first(&mut connection)
        .await
}

/// Requests of `me`, behind `after`, with the profile of who was asked if it is to be seen.
pub(super) async fn outgoing(
    mut connection: &AsyncPgConnection,
    me: Uuid,
    after: Option<Uuid>,
    count: i64,
) -> QueryResult<Vec<(Uuid, Option<Profile>, DateTime<Utc>)>> {
    let rows: Vec<(bool, ProfileRow, Option<DateTime<Utc>>)> = ties!(me)
        .filter(friendships::requested_by.eq(me))
        .filter(users::id.gt(after.unwrap_or_default()))
        .order(users::id)
        .limit(count)
        .select((visible_to(me), ProfileRow::as_select(), friendships::requested_at))
        .load(&mut connection)
        .await?;
    let sent = |(is_visible, row, since): (bool, ProfileRow, Option<DateTime<Utc>>)| {
        let profile = Profile::from(row);
        (profile.id, is_visible.then_some(profile), since.unwrap_or_default())
    };
    Ok(rows.into_iter().map(sent).collect())
}

/// How many requests of `me` have no answer.
pub(super) async fn count_outgoing(mut connection: &AsyncPgConnection, me: Uuid) -> QueryResult<i64> {
    let own = friendships::first_user_id.eq(me).or(friendships::second_user_id.eq(me));
    let waiting = friendships::table.filter(own).filter(friendships::requested_by.eq(me));
    waiting.select(count_star()).first(&mut connection).await
}

/// Whom `me` has blocked, behind `after`, and since when.
pub(super) async fn blocked(
    mut connection: &AsyncPgConnection,
    me: Uuid,
    after: Option<Uuid>,
    count: i64,
) -> QueryResult<Vec<(Uuid, DateTime<Utc>)>> {
    let since = case_when(friendships::first_user_id.eq(me), friendships::blocked_by_first_at)
        .otherwise(friendships::blocked_by_second_at);
    let rows: Vec<(Uuid, Option<DateTime<Utc>>)> = ties!(me)
        .filter(since.is_not_null())
        .filter(users::id.gt(after.unwrap_or_default()))
        .order(users::id)
        .limit(count)
        .select((users::id, since))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|(id, since)| (id, since.unwrap_or_default())).collect())
}
