//! Queries of the row that two users share.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use super::{Eligibility, Friendship, Pair, Relation, pause};
use crate::people::membership::store::is_child;
use crate::people::profile::PrivacyLevel;
use crate::schema::{block_events, friend_request_declines, friendships, users};

/// The relation of two users as their row says it, whichever of them asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum StoredStatus {
    /// One has blocked the other; without a block there is no row.
    None,
    Requested,
    Accepted,
}

orchard_db::text_column!(StoredStatus);

/// The row of two users, without their ids.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = friendships, treat_none_as_null = true)]
struct Row {
    status: StoredStatus,
    requested_by: Option<Uuid>,
    requested_at: Option<DateTime<Utc>>,
    accepted_at: Option<DateTime<Utc>>,
    blocked_by_first_at: Option<DateTime<Utc>>,
    blocked_by_second_at: Option<DateTime<Utc>>,
    declined_at: Option<DateTime<Utc>>,
    shown_from: Option<DateTime<Utc>>,
}

/// The row of two users who have none.
const NO_ROW: Row = Row {
    status: StoredStatus::None,
    requested_by: None,
    requested_at: None,
    accepted_at: None,
    blocked_by_first_at: None,
    blocked_by_second_at: None,
    declined_at: None,
    shown_from: None,
};

/// What there is between the caller and another user, with the row that says it.
#[derive(Debug)]
pub(super) struct StoredFriendship {
    pair: Pair,
    caller: Uuid,
    row: Row,
    pub(super) friendship: Friendship,
}

impl StoredFriendship {
    fn other(&self) -> Uuid {
        if self.caller == self.pair.first { self.pair.second } else { self.pair.first }
    }
}

/// Finds what there is between the caller and another user.
pub(super) async fn find(mut connection: &AsyncPgConnection, caller: Uuid, other: Uuid) -> QueryResult<StoredFriendship> {
    let pair = Pair::of(caller, other);
    let row_of_pair = friendships::table.find((pair.first, pair.second));
    let found: Option<(Row, DateTime<Utc>)> =
        row_of_pair.select((Row::as_select(), now.into_sql::<Timestamptz>())).first(&mut connection).await.optional()?;
    let (row, waits) = found.map_or((NO_ROW, false), |(row, moment)| {
        let waits = row.shown_from.is_some_and(|from| from > moment);
        (row, waits)
    });
    let is_declined = row.declined_at.is_some();
    let blocks = (row.blocked_by_first_at.is_some(), row.blocked_by_second_at.is_some());
    let (blocked_by_caller, blocked_by_other) = if caller == pair.first { blocks } else { (blocks.1, blocks.0) };
    let relation = match row.status {
        StoredStatus::None => Relation::None,
        StoredStatus::Requested if row.requested_by == Some(caller) => Relation::RequestSent,
        StoredStatus::Requested if is_declined || waits => Relation::RequestHidden,
        StoredStatus::Requested => Relation::RequestReceived,
        StoredStatus::Accepted => Relation::Friends,
    };
    Ok(StoredFriendship {
        pair,
        caller,
        row,
        friendship: Friendship { relation, is_declined, blocked_by_caller, blocked_by_other },
    })
}

/// Stores what there is between two users now. The times of what does not change are kept.
pub(super) async fn write(
    connection: &mut AsyncPgConnection,
    stored: &StoredFriendship,
    friendship: Friendship,
) -> QueryResult<()> {
    if friendship == stored.friendship {
        return Ok(());
    }
    let Pair { first, second } = stored.pair;
    if friendship == Friendship::default() {
        return diesel::delete(friendships::table.find((first, second))).execute(connection).await.map(|_| ());
    }
    let moment: DateTime<Utc> = diesel::select(now.into_sql::<Timestamptz>()).get_result(connection).await?;
    let mut row = changed(stored, friendship, moment);
    let (caller, other, before) = (stored.caller, stored.other(), stored.friendship);
    if friendship.is_declined {
        count_decline(connection, (other, caller), moment).await?;
    } else if friendship.relation == Relation::RequestSent && (before.relation != Relation::RequestSent || before.is_declined) {
        row.shown_from = shown_from(connection, (caller, other)).await?;
    }
    diesel::insert_into(friendships::table)
        .values((friendships::first_user_id.eq(first), friendships::second_user_id.eq(second), row.clone()))
        .on_conflict((friendships::first_user_id, friendships::second_user_id))
        .do_update()
        .set((row, friendships::updated_at.eq(excluded(friendships::updated_at))))
        .execute(connection)
        .await
        .map(|_| ())
}

fn changed(stored: &StoredFriendship, friendship: Friendship, moment: DateTime<Utc>) -> Row {
    let (Pair { first, .. }, caller, other, before) = (stored.pair, stored.caller, stored.other(), &stored.row);
    let (status, requested_by) = match friendship.relation {
        Relation::None => (StoredStatus::None, None),
        Relation::RequestSent => (StoredStatus::Requested, Some(caller)),
        Relation::RequestReceived | Relation::RequestHidden => (StoredStatus::Requested, Some(other)),
        Relation::Friends => (StoredStatus::Accepted, None),
    };
    let blocks = (friendship.blocked_by_caller, friendship.blocked_by_other);
    let (first_blocks, second_blocks) = if caller == first { blocks } else { (blocks.1, blocks.0) };
    let since = |is_so: bool, before: Option<DateTime<Utc>>| is_so.then(|| before.unwrap_or(moment));
    Row {
        status,
        requested_by,
        requested_at: since(status == StoredStatus::Requested, before.requested_at),
        accepted_at: since(status == StoredStatus::Accepted, before.accepted_at),
        blocked_by_first_at: since(first_blocks, before.blocked_by_first_at),
        blocked_by_second_at: since(second_blocks, before.blocked_by_second_at),
        declined_at: since(friendship.is_declined, before.declined_at),
        shown_from: before.shown_from.filter(|_| status == StoredStatus::Requested),
    }
}

/// Counts a decline of a sender's request by its recipient.
async fn count_decline(
    connection: &mut AsyncPgConnection,
    (sender, recipient): (Uuid, Uuid),
    moment: DateTime<Utc>,
) -> QueryResult<()> {
    use friend_request_declines as of;

    diesel::insert_into(of::table)
        .values((of::sender_id.eq(sender), of::recipient_id.eq(recipient), of::declined_at.eq(moment)))
        .on_conflict((of::sender_id, of::recipient_id))
        .do_update()
        .set((of::declines.eq(of::declines + 1), of::declined_at.eq(moment)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns when the recipient sees the next request of a sender; `None` for at once.
async fn shown_from(connection: &mut AsyncPgConnection, (sender, recipient): (Uuid, Uuid)) -> QueryResult<Option<DateTime<Utc>>> {
    let declines = friend_request_declines::table.find((sender, recipient));
    let declined: Option<(i32, DateTime<Utc>)> = declines
        .select((friend_request_declines::declines, friend_request_declines::declined_at))
        .first(connection)
        .await
        .optional()?;
    Ok(declined.map(|(declines, last)| last + pause(declines)))
}

/// Returns the number of the next event about blocks between two users, who are locked.
pub(super) async fn next_block_event(connection: &mut AsyncPgConnection, pair: Pair) -> QueryResult<i64> {
    diesel::insert_into(block_events::table)
        .values((block_events::first_user_id.eq(pair.first), block_events::second_user_id.eq(pair.second)))
        .on_conflict((block_events::first_user_id, block_events::second_user_id))
        .do_update()
        .set(block_events::last_sequence.eq(block_events::last_sequence + 1))
        .returning(block_events::last_sequence)
        .get_result(connection)
        .await
}

/// Returns what decides whether the caller may send a request to another user, or accept theirs.
///
/// `children` are those of the two who are children according to the family service. Its events may report others, and both count.
/// The two are locked, so they stay what they are here, whatever events come.
pub(super) async fn eligibility(
    connection: &mut AsyncPgConnection,
    (caller, other): (Uuid, Uuid),
    children: &BTreeSet<Uuid>,
) -> QueryResult<Eligibility> {
    let both: Vec<(Uuid, PrivacyLevel, bool)> = users::table
        .filter(users::id.eq_any([caller, other]))
        .select((users::id, users::privacy_level, is_child()))
        .load(connection)
        .await?;
    let known = |user: Uuid| both.iter().find(|(id, ..)| *id == user);
    let is_child = |user: Uuid| children.contains(&user) || known(user).is_some_and(|(.., is_child)| *is_child);
    let is_private = |user: Uuid| known(user).is_none_or(|(_, level, _)| *level == PrivacyLevel::Private);
    Ok(Eligibility {
        caller_is_child: is_child(caller),
        caller_is_private: is_private(caller),
        other_is_unreachable: is_child(other) || is_private(other),
    })
}

/// Deletes the unanswered requests from and to a user.
pub(crate) async fn delete_requests(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let own = friendships::first_user_id.eq(user).or(friendships::second_user_id.eq(user));
    let requests = friendships::table.filter(own).filter(friendships::status.eq(StoredStatus::Requested));
    diesel::delete(requests).execute(connection).await.map(|_| ())
}
