//! Queries of friends, friend requests and blocked users, in the order of users' ids, and of their numbers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, count_star, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::store::StoredStatus;
use crate::people::profile::Profile;
use crate::people::profile::store::ProfileRow;
use crate::schema::{friendships, users};
use crate::visibility::visible_to;

/// A friend by request, by family, or both.
#[derive(Debug, Clone)]
pub(super) struct Friend {
    pub(super) profile: Profile,
    pub(super) is_family: bool,
    /// When they accepted the request, or had theirs accepted.
    pub(super) accepted_at: Option<DateTime<Utc>>,
}

/// A friend request that is not answered.
#[derive(Debug, Clone)]
pub(super) struct FriendRequest {
    pub(super) user: Uuid,
    /// Their profile, if the caller may see it.
    pub(super) profile: Option<Profile>,
    pub(super) sent_at: DateTime<Utc>,
}

/// A user whom the caller has blocked.
#[derive(Debug, Clone)]
pub(super) struct BlockedUser {
    pub(super) user: Uuid,
    pub(super) blocked_at: DateTime<Utc>,
}

/// The rows of `$caller` in `friendships`, joined with those of the other user in `users`.
macro_rules! friendships_of {
    ($caller:expr) => {{
        let other =
            case_when(friendships::first_user_id.eq($caller), friendships::second_user_id).otherwise(friendships::first_user_id);
        friendships::table
            .inner_join(users::table.on(users::id.eq(other)))
            .filter(friendships::first_user_id.eq($caller).or(friendships::second_user_id.eq($caller)))
    }};
}

/// Those rows of a query that belong to a page, in the order of users' ids.
macro_rules! paged {
    ($rows:expr, $page:expr) => {
        $rows.filter(users::id.gt($page.after.unwrap_or_default())).order(users::id).limit($page.fetch())
    };
}

/// Whether the two are friends by request.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_accepted() -> _ {
    let accepted: StoredStatus = StoredStatus::Accepted;
    friendships::status.eq(accepted)
}

/// Whether the other user has sent the caller a request that the caller sees.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_incoming() -> _ {
    let is_theirs = friendships::requested_by.is_not_distinct_from(users::id.nullable());
    let is_shown = friendships::shown_from.is_null().or(friendships::shown_from.le(now));
    is_theirs.and(friendships::declined_at.is_null()).and(is_shown)
}

/// Lists the friends whom the caller may see; `relatives` are friends because of their family.
pub(super) async fn friends(
    mut connection: &AsyncPgConnection,
    caller: Uuid,
    relatives: &[Uuid],
    page: &PageRequest<Uuid>,
) -> QueryResult<Vec<Friend>> {
    let by_family = users::table.filter(users::id.eq_any(relatives)).filter(visible_to(caller));
    let by_family: Vec<ProfileRow> = paged!(by_family, page).select(ProfileRow::as_select()).load(&mut connection).await?;
    let by_request = friendships_of!(caller).filter(is_accepted()).filter(visible_to(caller));
    let by_request: Vec<(ProfileRow, Option<DateTime<Utc>>)> =
        paged!(by_request, page).select((ProfileRow::as_select(), friendships::accepted_at)).load(&mut connection).await?;
    let mut friends: BTreeMap<Uuid, Friend> = BTreeMap::new();
    for profile in by_family.into_iter().map(Profile::from) {
        friends.insert(profile.id, Friend { profile, is_family: true, accepted_at: None });
    }
    for (profile, accepted_at) in by_request.into_iter().map(|(row, accepted_at)| (Profile::from(row), accepted_at)) {
        friends.entry(profile.id).or_insert(Friend { profile, is_family: false, accepted_at: None }).accepted_at = accepted_at;
    }
    // Each of the two has the first friends of its kind, so the first of both are among them.
    Ok(friends.into_values().take(page.size + 1).collect())
}

/// Returns the ids of friends by request, whether or not the user may see them.
pub(crate) async fn friend_ids(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    friendships_of!(user).filter(is_accepted()).select(users::id).load(&mut connection).await
}

/// Counts the friends whom the caller may see.
pub(super) async fn count_friends(mut connection: &AsyncPgConnection, caller: Uuid, relatives: &[Uuid]) -> QueryResult<i64> {
    let by_request = friendships_of!(caller).filter(is_accepted()).filter(visible_to(caller)).filter(users::id.ne_all(relatives));
    let by_request: i64 = by_request.select(count_star()).first(&mut connection).await?;
    let by_family = users::table.filter(users::id.eq_any(relatives)).filter(visible_to(caller));
    Ok(by_request + by_family.select(count_star()).first::<i64>(&mut connection).await?)
}

/// Lists requests to the caller from users whom they may see.
pub(super) async fn incoming(
    mut connection: &AsyncPgConnection,
    caller: Uuid,
    page: &PageRequest<Uuid>,
) -> QueryResult<Vec<FriendRequest>> {
    let incoming = friendships_of!(caller).filter(is_incoming()).filter(visible_to(caller));
    let rows: Vec<(ProfileRow, Option<DateTime<Utc>>)> =
        paged!(incoming, page).select((ProfileRow::as_select(), friendships::requested_at)).load(&mut connection).await?;
    Ok(rows.into_iter().map(|(row, sent_at)| request(row, true, sent_at)).collect())
}

/// Lists requests of the caller.
pub(super) async fn outgoing(
    mut connection: &AsyncPgConnection,
    caller: Uuid,
    page: &PageRequest<Uuid>,
) -> QueryResult<Vec<FriendRequest>> {
    let outgoing = friendships_of!(caller).filter(friendships::requested_by.eq(caller));
    let rows: Vec<(ProfileRow, bool, Option<DateTime<Utc>>)> = paged!(outgoing, page)
        .select((ProfileRow::as_select(), visible_to(caller), friendships::requested_at))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|(row, is_visible, sent_at)| request(row, is_visible, sent_at)).collect())
}

fn request(row: ProfileRow, is_visible: bool, sent_at: Option<DateTime<Utc>>) -> FriendRequest {
    let profile = Profile::from(row);
    FriendRequest { user: profile.id, profile: is_visible.then_some(profile), sent_at: sent_at.unwrap_or_default() }
}

/// Counts the requests that [`incoming`] lists.
pub(super) async fn count_incoming(mut connection: &AsyncPgConnection, caller: Uuid) -> QueryResult<i64> {
    let incoming = friendships_of!(caller).filter(is_incoming()).filter(visible_to(caller));
    incoming.select(count_star()).first(&mut connection).await
}

/// Counts the requests that [`outgoing`] lists.
pub(super) async fn count_outgoing(mut connection: &AsyncPgConnection, caller: Uuid) -> QueryResult<i64> {
    let own = friendships::first_user_id.eq(caller).or(friendships::second_user_id.eq(caller));
    let outgoing = friendships::table.filter(own).filter(friendships::requested_by.eq(caller));
    outgoing.select(count_star()).first(&mut connection).await
}

/// Lists the users whom the caller has blocked.
pub(super) async fn blocked(
    mut connection: &AsyncPgConnection,
    caller: Uuid,
    page: &PageRequest<Uuid>,
) -> QueryResult<Vec<BlockedUser>> {
    let blocked_at = case_when(friendships::first_user_id.eq(caller), friendships::blocked_by_first_at)
        .otherwise(friendships::blocked_by_second_at);
    let blocked = friendships_of!(caller).filter(blocked_at.is_not_null());
    let rows: Vec<(Uuid, Option<DateTime<Utc>>)> =
        paged!(blocked, page).select((users::id, blocked_at)).load(&mut connection).await?;
    Ok(rows.into_iter().map(|(user, since)| BlockedUser { user, blocked_at: since.unwrap_or_default() }).collect())
}
