//! Queries of challenges.

mod list;
mod row;

use chrono::{DateTime, Utc};
use diesel::dsl::{count, exists, not, now};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Challenge, EntryRequirements, JoinCode, Terms};
use crate::challenges::participant::{CompletionStatus, Target};
use crate::schema::{challenge_participants, community_challenges, users};
use crate::visibility::visible_to;

pub(super) use list::{Filter, Listed, Phase, list};
pub(crate) use row::Row;
use row::TermsRow;
pub(crate) use row::json_column;

/// The database's time at which the transaction began.
pub(crate) async fn moment(mut connection: &AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(now.into_sql::<Timestamptz>()).get_result(&mut connection).await
}

/// Writes a new challenge.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    terms: &Terms,
    code: Option<&JoinCode>,
    created_by: Option<Uuid>,
) -> QueryResult<()> {
    diesel::insert_into(community_challenges::table)
        .values((community_challenges::id.eq(id), community_challenges::created_by.eq(created_by), TermsRow::of(terms, code)?))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Writes what the creator of a challenge says of it now.
pub(super) async fn update(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    terms: &Terms,
    code: Option<&JoinCode>,
) -> QueryResult<()> {
    diesel::update(community_challenges::table.find(id))
        .set((TermsRow::of(terms, code)?, community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Has a challenge be in use, or not.
pub(super) async fn set_active(connection: &mut AsyncPgConnection, id: Uuid, is_active: bool) -> QueryResult<()> {
    diesel::update(community_challenges::table.find(id))
        .set((community_challenges::is_active.eq(is_active), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Has a challenge stand before others, or not. Whether there is one that is public.
pub(super) async fn feature(connection: &mut AsyncPgConnection, id: Uuid, priority: i32) -> QueryResult<bool> {
    let public = community_challenges::table.find(id).filter(community_challenges::is_public);
    diesel::update(public)
        .set((community_challenges::featured_priority.eq(priority), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|changed| changed > 0)
}

/// Whether `viewer` may know of the challenge of the `community_challenges` row: everyone of a public one, of another who has created it or
/// takes part, and whoever may know of `all`.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn known_to(viewer: Uuid, all: bool) -> _ {
    let withdrawn: CompletionStatus = CompletionStatus::Withdrawn;
    let seat = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(community_challenges::id))
        .filter(challenge_participants::user_id.eq(viewer))
        .filter(challenge_participants::completion_status.ne(withdrawn));
    let own = community_challenges::created_by.is_not_distinct_from(viewer);
    let all = all.into_sql::<diesel::sql_types::Bool>();
    all.or(community_challenges::is_public).or(own).or(exists(seat))
}

/// The challenge that is meant, if its code is that of one.
pub(crate) async fn id_of(mut connection: &AsyncPgConnection, target: &Target) -> QueryResult<Option<Uuid>> {
    let code = match target {
        Target::Id(id) => return Ok(Some(*id)),
        Target::Code(code) => code.as_str(),
    };
    let of_code = community_challenges::table.filter(community_challenges::join_code.eq(code));
    of_code.select(community_challenges::id).first(&mut connection).await.optional()
}

/// A challenge that `viewer` may know of, because they may of `all` or else; and its creator, if `viewer` may see their profile.
pub(super) async fn get(
    mut connection: &AsyncPgConnection,
    id: Uuid,
    viewer: Uuid,
    all: bool,
) -> QueryResult<Option<(Challenge, Option<Uuid>)>> {
    let creator = users::id.nullable().eq(community_challenges::created_by).and(visible_to(viewer));
    community_challenges::table
        .left_join(users::table.on(creator))
        .filter(community_challenges::id.eq(id))
        .filter(known_to(viewer, all))
        .select((Row::as_select(), users::id.nullable()))
        .first::<(Row, Option<Uuid>)>(&mut connection)
        .await
        .optional()
        .map(|found| found.map(|(row, creator)| (row.into(), creator)))
}

/// A challenge, whoever may know of it.
pub(crate) async fn find(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Challenge>> {
    let found = community_challenges::table.find(id).select(Row::as_select()).first(&mut connection).await.optional()?;
    Ok(found.map(Row::into))
}

/// A challenge; nobody takes or leaves a seat of it, or changes it, before the transaction ends.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Challenge>> {
    community_challenges::table
        .find(id)
        .select(Row::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// Whether a challenge asks for a family plan of a user who has no seat in it; not if there is no such challenge.
pub(crate) async fn asks_for_a_plan(mut connection: &AsyncPgConnection, id: Uuid, user: Uuid) -> QueryResult<bool> {
    let seat = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(community_challenges::id))
        .filter(challenge_participants::user_id.eq(user))
        .filter(challenge_participants::completion_status.ne(CompletionStatus::Withdrawn));
    let requirements: Option<Option<EntryRequirements>> = community_challenges::table
        .filter(community_challenges::id.eq(id))
        .filter(not(exists(seat)))
        .select(community_challenges::entry_requirements)
        .first(&mut connection)
        .await
        .optional()?;
    Ok(requirements.flatten().is_some_and(|asked| asked.family_plan))
}

/// Whether anybody has ever been in a challenge.
pub(super) async fn was_joined(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let seats = challenge_participants::table.filter(challenge_participants::challenge_id.eq(id));
    diesel::select(exists(seats)).get_result(connection).await
}

/// How many distinct challenges any of these users is active in.
pub(super) async fn count_active(mut connection: &AsyncPgConnection, users: &[Uuid]) -> QueryResult<i64> {
    challenge_participants::table
        .filter(challenge_participants::user_id.eq_any(users))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active))
        .select(count(challenge_participants::challenge_id).aggregate_distinct())
        .first(&mut connection)
        .await
}
