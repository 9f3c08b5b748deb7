//! Queries of friendships.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel::query_source::{Alias, AliasedField};
use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Bond, Ends, Pair, Standing, Status};
use crate::people::membership::is_a_child;
use crate::people::profile::PrivacyLevel;
use crate::schema::{friendships, users};

orchard_db::text_column!(Status);

// Friendships within a condition, whatever the query is about.
diesel::alias! {
    pub(crate) const TIES: Alias<Ties> = friendships as ties;
}

diesel::define_sql_function! {
    /// The lower of two ids.
    fn least(one: SqlUuid, other: SqlUuid) -> SqlUuid;
}

diesel::define_sql_function! {
    /// The higher of two ids.
    fn greatest(one: SqlUuid, other: SqlUuid) -> SqlUuid;
}

/// Whether one of `viewer` and the user of the `users` row has blocked the other: only then a row of theirs says nothing else.
#[diesel::dsl::auto_type]
pub(crate) fn blocks(viewer: Uuid) -> _ {
    let none: Status = Status::None;
    let first: AliasedField<Ties, friendships::first_user_id> = TIES.field(friendships::first_user_id);
    let second: AliasedField<Ties, friendships::second_user_id> = TIES.field(friendships::second_user_id);
    let status: AliasedField<Ties, friendships::status> = TIES.field(friendships::status);
    let ties: Alias<Ties> = TIES;
    let pair = first.eq(least(users::id, viewer)).and(second.eq(greatest(users::id, viewer)));
    exists(ties.filter(pair.and(status.eq(none))))
}

/// Whether the user of the `users` row is a friend of `viewer`, or asks to be one.
#[diesel::dsl::auto_type]
pub(crate) fn shows(viewer: Uuid) -> _ {
    let accepted: Status = Status::Accepted;
    let first: AliasedField<Ties, friendships::first_user_id> = TIES.field(friendships::first_user_id);
    let second: AliasedField<Ties, friendships::second_user_id> = TIES.field(friendships::second_user_id);
    let status: AliasedField<Ties, friendships::status> = TIES.field(friendships::status);
    let requested_by: AliasedField<Ties, friendships::requested_by> = TIES.field(friendships::requested_by);
    let ties: Alias<Ties> = TIES;
    let pair = first.eq(least(users::id, viewer)).and(second.eq(greatest(users::id, viewer)));
    let asks = requested_by.is_not_distinct_from(users::id.nullable());
    exists(ties.filter(pair.and(status.eq(accepted).or(asks))))
}

/// The row of a pair, but for whose it is.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = friendships, treat_none_as_null = true)]
struct Row {
    status: Status,
    requested_by: Option<Uuid>,
    requested_at: Option<DateTime<Utc>>,
    accepted_at: Option<DateTime<Utc>>,
    blocked_by_first_at: Option<DateTime<Utc>>,
    blocked_by_second_at: Option<DateTime<Utc>>,
}

const NOTHING: Row = Row {
    status: Status::None,
    requested_by: None,
    requested_at: None,
    accepted_at: None,
    blocked_by_first_at: None,
    blocked_by_second_at: None,
};

/// A pair, as one of them sees it, whose writers take turns.
#[derive(Debug)]
pub(super) struct Tie {
    pair: Pair,
    me: Uuid,
    row: Row,
    /// What they are to each other.
    pub(super) bond: Bond,
}

fn standing(row: &Row, me: Uuid) -> Standing {
    match row.status {
        Status::None => Standing::Stranger,
        Status::Requested if row.requested_by == Some(me) => Standing::AskedByMe,
        Status::Requested => Standing::AskedByThem,
        Status::Accepted => Standing::Friend,
    }
}

/// What two users are to each other.
pub(super) async fn find(connection: &mut AsyncPgConnection, me: Uuid, other: Uuid) -> QueryResult<Tie> {
    let pair = Pair::of(me, other);
    let found: Option<Row> =
        friendships::table.find((pair.first, pair.second)).select(Row::as_select()).first(connection).await.optional()?;
    let row = found.unwrap_or(NOTHING);
    let blocked = (row.blocked_by_first_at.is_some(), row.blocked_by_second_at.is_some());
    let (blocked_by_me, blocked_by_them) = if me == pair.first { blocked } else { (blocked.1, blocked.0) };
    let bond = Bond { standing: standing(&row, me), blocked_by_me, blocked_by_them };
    Ok(Tie { pair, me, row, bond })
}

/// Writes what they are to each other now. What goes on keeps its time.
pub(super) async fn write(connection: &mut AsyncPgConnection, tie: &Tie, bond: Bond) -> QueryResult<()> {
    if bond == tie.bond {
        return Ok(());
    }
    let key = friendships::table.find((tie.pair.first, tie.pair.second));
    if bond == Bond::default() {
        return diesel::delete(key).execute(connection).await.map(|_| ());
    }
    let moment: DateTime<Utc> = diesel::select(now.into_sql::<Timestamptz>()).get_result(connection).await?;
    let row = changed(tie, bond, moment);
    diesel::insert_into(friendships::table)
        .values((friendships::first_user_id.eq(tie.pair.first), friendships::second_user_id.eq(tie.pair.second), row.clone()))
        .on_conflict((friendships::first_user_id, friendships::second_user_id))
        .do_update()
        .set((row, friendships::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

fn changed(tie: &Tie, bond: Bond, moment: DateTime<Utc>) -> Row {
    let other = if tie.me == tie.pair.first { tie.pair.second } else { tie.pair.first };
    let (status, requested_by) = match bond.standing {
        Standing::Stranger => (Status::None, None),
        Standing::AskedByMe => (Status::Requested, Some(tie.me)),
        Standing::AskedByThem => (Status::Requested, Some(other)),
        Standing::Friend => (Status::Accepted, None),
    };
    let since = |is_so: bool, before: Option<DateTime<Utc>>| is_so.then(|| before.unwrap_or(moment));
    let (first_blocks, second_blocks) = if tie.me == tie.pair.first {
        (bond.blocked_by_me, bond.blocked_by_them)
    } else {
        (bond.blocked_by_them, bond.blocked_by_me)
    };
    Row {
        status,
        requested_by,
        requested_at: since(status == Status::Requested, tie.row.requested_at),
        accepted_at: since(status == Status::Accepted, tie.row.accepted_at),
        blocked_by_first_at: since(first_blocks, tie.row.blocked_by_first_at),
        blocked_by_second_at: since(second_blocks, tie.row.blocked_by_second_at),
    }
}

/// What counts for a request of `me` to another, of whom those are `children` whom the family slice says to be: those who are locked stay
/// what they are here, whatever it says later.
pub(super) async fn ends(
    connection: &mut AsyncPgConnection,
    (me, other): (Uuid, Uuid),
    children: &BTreeSet<Uuid>,
) -> QueryResult<Ends> {
    let both: Vec<(Uuid, PrivacyLevel, bool)> = users::table
        .filter(users::id.eq_any([me, other]))
        .select((users::id, users::privacy_level, is_a_child()))
        .load(connection)
        .await?;
    let known = |id: Uuid| both.iter().find(|(of, ..)| *of == id);
    let is_child = |id: Uuid| children.contains(&id) || known(id).is_some_and(|(.., is_child)| *is_child);
    let is_private = |id: Uuid| known(id).is_none_or(|(_, level, _)| *level == PrivacyLevel::Private);
    Ok(Ends { am_child: is_child(me), am_private: is_private(me), are_hidden: is_child(other) || is_private(other) })
}

/// Ends the requests of a user, and those to them, that have no answer.
pub(crate) async fn drop_requests(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let own = friendships::first_user_id.eq(user).or(friendships::second_user_id.eq(user));
    let waiting = friendships::table.filter(own).filter(friendships::status.eq(Status::Requested));
    diesel::delete(waiting).execute(connection).await.map(|_| ())
}
