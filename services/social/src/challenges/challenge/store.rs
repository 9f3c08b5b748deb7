//! Queries of challenges.

pub(super) mod entrant;
mod list;
mod row;

use chrono::{DateTime, Utc};
use diesel::dsl::{count, exists, not, now};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_server::Clock;
use uuid::Uuid;

use super::{Challenge, ChallengeKey, ChallengeView, EntryRequirements, JoinCode, Terms, days};
use crate::challenges::participant::CompletionStatus;
use crate::schema::{challenge_participants, community_challenges, users};
use crate::visibility::visible_to;

pub(super) use list::{Filter, ListCursor, Phase, list};
use row::{Row, TermsRow};

/// Returns the time at which the transaction began, by `clock`.
pub(crate) async fn now_by(connection: &AsyncPgConnection, clock: &Clock) -> QueryResult<DateTime<Utc>> {
    Ok(clock.at(orchard_db::moment(connection).await?))
}

/// Inserts a challenge.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    terms: Terms,
    code: Option<JoinCode>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(community_challenges::table)
        .values((
            community_challenges::id.eq(id),
            community_challenges::created_by.eq(created_by),
            community_challenges::created_at.eq(created_at),
            TermsRow::new(terms, code),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns how many challenges a user has created since a moment, and how many of theirs are active and not finalised.
pub(super) async fn count_created(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    since: DateTime<Utc>,
) -> QueryResult<(i64, i64)> {
    let own = || community_challenges::table.filter(community_challenges::created_by.eq(user)).count();
    let made = own().filter(community_challenges::created_at.gt(since)).get_result(connection).await?;
    let in_use = own().filter(community_challenges::is_active).filter(community_challenges::finalised_at.is_null());
    Ok((made, in_use.get_result(connection).await?))
}

/// Writes new terms of a challenge.
pub(super) async fn update(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    terms: Terms,
    code: Option<JoinCode>,
) -> QueryResult<()> {
    diesel::update(community_challenges::table.find(id))
        .set((TermsRow::new(terms, code), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Activates or deactivates a challenge.
pub(super) async fn set_active(connection: &mut AsyncPgConnection, id: Uuid, is_active: bool) -> QueryResult<()> {
    diesel::update(community_challenges::table.find(id))
        .set((community_challenges::is_active.eq(is_active), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Sets the priority of a public challenge in lists. Returns whether there is such a challenge.
pub(super) async fn feature(connection: &mut AsyncPgConnection, id: Uuid, priority: i32) -> QueryResult<bool> {
    let public = community_challenges::table.find(id).filter(community_challenges::is_public);
    diesel::update(public)
        .set((community_challenges::featured_priority.eq(priority), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|changed| changed > 0)
}

/// Whether the user takes part in the challenge of the query's row of `community_challenges`.
#[diesel::dsl::auto_type]
fn takes_part(user: Uuid) -> _ {
    let withdrawn: CompletionStatus = CompletionStatus::Withdrawn;
    let seat = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(community_challenges::id))
        .filter(challenge_participants::user_id.eq(user))
        .filter(challenge_participants::completion_status.ne(withdrawn));
    exists(seat)
}

/// Whether `viewer` may read the challenge of the query's row of `community_challenges`: it is public, they created it, they
/// take part, or they may read `all`.
#[diesel::dsl::auto_type(no_type_alias)]
fn known_to(viewer: Uuid, all: bool) -> _ {
    let own = community_challenges::created_by.is_not_distinct_from(viewer);
    let all = all.into_sql::<diesel::sql_types::Bool>();
    let joined: takes_part = takes_part(viewer);
    all.or(community_challenges::is_public).or(own).or(joined)
}

/// Returns the id of a challenge; `None` if there is none with the code.
pub(super) async fn id_of(mut connection: &AsyncPgConnection, key: &ChallengeKey) -> QueryResult<Option<Uuid>> {
    let code = match key {
        ChallengeKey::Id(id) => return Ok(Some(*id)),
        ChallengeKey::Code(code) => code.as_str(),
    };
    let of_code = community_challenges::table.filter(community_challenges::join_code.eq(code));
    of_code.select(community_challenges::id).first(&mut connection).await.optional()
}

/// Returns a challenge that `viewer` may read, as `viewer` sees it.
pub(super) async fn get(
    mut connection: &AsyncPgConnection,
    id: Uuid,
    viewer: Uuid,
    all: bool,
) -> QueryResult<Option<ChallengeView>> {
    let creator = users::id.nullable().eq(community_challenges::created_by).and(visible_to(viewer));
    community_challenges::table
        .left_join(users::table.on(creator))
        .filter(community_challenges::id.eq(id))
        .filter(known_to(viewer, all))
        .select((Row::as_select(), users::id.nullable()))
        .first::<(Row, Option<Uuid>)>(&mut connection)
        .await
        .optional()
        .map(|found| found.map(ChallengeView::from))
}

/// Returns those of these challenges that `viewer` may read, as `viewer` sees them.
pub(crate) async fn batch_get(mut connection: &AsyncPgConnection, ids: &[Uuid], viewer: Uuid) -> QueryResult<Vec<ChallengeView>> {
    let creator = users::id.nullable().eq(community_challenges::created_by).and(visible_to(viewer));
    let rows: Vec<(Row, Option<Uuid>)> = community_challenges::table
        .left_join(users::table.on(creator))
        .filter(community_challenges::id.eq_any(ids))
        .filter(known_to(viewer, false))
        .select((Row::as_select(), users::id.nullable()))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(ChallengeView::from).collect())
}

/// Returns a challenge.
pub(crate) async fn find(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Challenge>> {
    let found = community_challenges::table.find(id).select(Row::as_select()).first(&mut connection).await.optional()?;
    Ok(found.map(Row::into))
}

/// Locks a challenge and returns it: nobody else changes it, or takes or leaves a seat, before the transaction ends.
pub(super) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Challenge>> {
    let found =
        community_challenges::table.find(id).select(Row::as_select()).for_no_key_update().first(connection).await.optional()?;
    Ok(found.map(Row::into))
}

/// Returns whether a challenge requires a family plan of a user who never had a seat in it.
pub(super) async fn requires_family_plan(mut connection: &AsyncPgConnection, id: Uuid, user: Uuid) -> QueryResult<bool> {
    let requirements: Option<Option<EntryRequirements>> = community_challenges::table
        .filter(community_challenges::id.eq(id))
        .filter(not(exists(
            challenge_participants::table
                .filter(challenge_participants::challenge_id.eq(community_challenges::id))
                .filter(challenge_participants::user_id.eq(user)),
        )))
        .select(community_challenges::entry_requirements)
        .first(&mut connection)
        .await
        .optional()?;
    Ok(requirements.flatten().is_some_and(|required| required.family_plan))
}

/// Returns whether anyone has ever joined a challenge.
pub(super) async fn was_joined(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let seats = challenge_participants::table.filter(challenge_participants::challenge_id.eq(id));
    diesel::select(exists(seats)).get_result(connection).await
}

/// Returns whether someone takes part in a challenge without dates whose own last day is over in some time zone.
pub(super) async fn has_ended_seats(connection: &mut AsyncPgConnection, id: Uuid, moment: DateTime<Utc>) -> QueryResult<bool> {
    let seats = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(id))
        .filter(challenge_participants::ends_at.lt(days::due(days::easternmost(moment))))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active));
    diesel::select(exists(seats)).get_result(connection).await
}

/// Returns the number of distinct challenges in which at least one of the users is active, and when that was so.
pub(super) async fn count_active(mut connection: &AsyncPgConnection, users: &[Uuid]) -> QueryResult<(i64, DateTime<Utc>)> {
    challenge_participants::table
        .filter(challenge_participants::user_id.eq_any(users))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active))
        .select((count(challenge_participants::challenge_id).aggregate_distinct(), now.into_sql::<Timestamptz>()))
        .first(&mut connection)
        .await
}
