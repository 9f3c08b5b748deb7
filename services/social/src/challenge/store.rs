//! Queries of challenges.

mod list;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::FromSql;
use diesel::dsl::{count, exists, not, now};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel::sql_types::{Jsonb, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Challenge, ChallengeType, EntryRequirements, JoinCode, RewardStructure, Scoring, SuccessCriteria, Terms};
use crate::participant::{CompletionStatus, Target};
use crate::profile::visibility::visible_to;
use crate::schema::{challenge_participants, community_challenges, users};

pub(super) use list::{Filter, Listed, Phase, list};

orchard_db::text_column!(ChallengeType);

/// Lets what a challenge says be read from JSON.
macro_rules! json_column {
    ($($of:ty),*) => {$(
        impl FromSql<Jsonb, Pg> for $of {
            fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(serde_json::from_value(<Value as FromSql<Jsonb, Pg>>::from_sql(value)?)?)
            }
        }

        impl Queryable<Jsonb, Pg> for $of {
            type Row = Self;

            fn build(row: Self) -> diesel::deserialize::Result<Self> {
                Ok(row)
            }
        }
    )*};
}

json_column!(Scoring, EntryRequirements, SuccessCriteria, RewardStructure);

#[derive(Queryable, Selectable)]
#[diesel(table_name = community_challenges)]
pub(crate) struct Row {
    id: Uuid,
    challenge_name: String,
    description: String,
    difficulty_level: i32,
    duration_days: i32,
    max_participants: Option<i32>,
    entry_requirements: Option<EntryRequirements>,
    success_criteria: Option<SuccessCriteria>,
    reward_structure: Option<RewardStructure>,
    start_date: Option<NaiveDate>,
    created_by: Option<Uuid>,
    is_public: bool,
    is_active: bool,
    featured_priority: i32,
    created_at: DateTime<Utc>,
    scoring: Scoring,
    participant_count: i32,
    join_code: Option<String>,
}

impl From<Row> for Challenge {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            terms: Terms {
                challenge_name: row.challenge_name,
                description: row.description,
                difficulty_level: row.difficulty_level,
                duration_days: row.duration_days,
                max_participants: row.max_participants,
                start_date: row.start_date,
                scoring: row.scoring,
                entry_requirements: row.entry_requirements,
                success_criteria: row.success_criteria,
                reward_structure: row.reward_structure,
                is_public: row.is_public,
            },
            participant_count: row.participant_count,
            created_by: row.created_by,
            is_active: row.is_active,
            join_code: row.join_code.map(JoinCode::from),
            featured_priority: row.featured_priority,
            created_at: row.created_at,
        }
    }
}

/// The columns that hold what a creator says.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = community_challenges, treat_none_as_null = true)]
struct TermsRow<'a> {
    challenge_name: &'a str,
    description: &'a str,
    challenge_type: ChallengeType,
    difficulty_level: i32,
    duration_days: i32,
    max_participants: Option<i32>,
    entry_requirements: Option<Value>,
    success_criteria: Option<Value>,
    reward_structure: Option<Value>,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    is_public: bool,
    scoring: Value,
    join_code: Option<&'a str>,
}

impl<'a> TermsRow<'a> {
    fn of(terms: &'a Terms, code: Option<&'a JoinCode>) -> QueryResult<Self> {
        Ok(Self {
            challenge_name: &terms.challenge_name,
            description: &terms.description,
            challenge_type: terms.scoring.challenge_type(),
            difficulty_level: terms.difficulty_level,
            duration_days: terms.duration_days,
            max_participants: terms.max_participants,
            entry_requirements: terms.entry_requirements.as_ref().map(json).transpose()?,
            success_criteria: terms.success_criteria.as_ref().map(json).transpose()?,
            reward_structure: terms.reward_structure.as_ref().map(json).transpose()?,
            start_date: terms.start_date,
            end_date: terms.end_date(),
            is_public: terms.is_public,
            scoring: json(&terms.scoring)?,
            join_code: code.map(JoinCode::as_str),
        })
    }
}

fn json(value: &impl Serialize) -> QueryResult<Value> {
    serde_json::to_value(value).map_err(|error| SerializationError(error.into()))
}

/// The database's time at which the transaction began.
pub(super) async fn moment(mut connection: &AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
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
