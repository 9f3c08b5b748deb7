//! Queries of challenges and participants.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::FromSql;
use diesel::dsl::{count, now};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Challenge, ChallengeType, CompletionStatus, Participant, Scoring};
use crate::profile::visibility::visible_to;
use crate::schema::{challenge_participants, community_challenges, users};

orchard_db::text_column!(ChallengeType);
orchard_db::text_column!(CompletionStatus);

impl FromSql<Jsonb, Pg> for Scoring {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(serde_json::from_value(<Value as FromSql<Jsonb, Pg>>::from_sql(value)?)?)
    }
}

impl Queryable<Jsonb, Pg> for Scoring {
    type Row = Self;

    fn build(row: Self) -> diesel::deserialize::Result<Self> {
        Ok(row)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = community_challenges)]
pub(crate) struct Row {
    id: Uuid,
    challenge_name: String,
    description: String,
    challenge_type: ChallengeType,
    difficulty_level: i32,
    duration_days: i32,
    max_participants: Option<i32>,
    participant_count: i32,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    is_active: bool,
    scoring: Scoring,
    created_at: DateTime<Utc>,
}

impl From<Row> for Challenge {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            challenge_name: row.challenge_name,
            description: row.description,
            challenge_type: row.challenge_type,
            difficulty_level: row.difficulty_level,
            duration_days: row.duration_days,
            max_participants: row.max_participants,
            participant_count: row.participant_count,
            start_date: row.start_date,
            end_date: row.end_date,
            is_active: row.is_active,
            scoring: row.scoring,
            created_at: row.created_at,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = challenge_participants)]
pub(crate) struct ParticipantRow {
    id: Uuid,
    challenge_id: Uuid,
    user_id: Uuid,
    completion_status: CompletionStatus,
    final_score: i32,
    joined_at: DateTime<Utc>,
    is_visible: bool,
}

impl From<ParticipantRow> for Participant {
    fn from(row: ParticipantRow) -> Self {
        Self {
            id: row.id,
            challenge_id: row.challenge_id,
            user_id: row.user_id,
            completion_status: row.completion_status,
            final_score: row.final_score,
            joined_at: row.joined_at,
            is_visible: row.is_visible,
        }
    }
}

/// A challenge to write.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) id: Uuid,
    pub(super) challenge_name: &'a str,
    pub(super) description: &'a str,
    pub(super) difficulty_level: i32,
    pub(super) duration_days: i32,
    pub(super) max_participants: Option<i32>,
    pub(super) start_date: Option<NaiveDate>,
    pub(super) end_date: Option<NaiveDate>,
    pub(super) scoring: &'a Scoring,
    pub(super) created_by: Option<Uuid>,
}

/// The date that it is in UTC, by the database's clock.
pub(super) async fn today(mut connection: &AsyncPgConnection) -> QueryResult<NaiveDate> {
    let moment: DateTime<Utc> = diesel::select(now.into_sql::<Timestamptz>()).get_result(&mut connection).await?;
    Ok(moment.date_naive())
}

/// Writes a new challenge.
pub(super) async fn insert(connection: &mut AsyncPgConnection, new: NewRow<'_>) -> QueryResult<()> {
    let scoring = serde_json::to_value(new.scoring).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    diesel::insert_into(community_challenges::table)
        .values((
            community_challenges::id.eq(new.id),
            community_challenges::challenge_name.eq(new.challenge_name),
            community_challenges::description.eq(new.description),
            community_challenges::challenge_type.eq(new.scoring.challenge_type()),
            community_challenges::difficulty_level.eq(new.difficulty_level),
            community_challenges::duration_days.eq(new.duration_days),
            community_challenges::max_participants.eq(new.max_participants),
            community_challenges::start_date.eq(new.start_date),
            community_challenges::end_date.eq(new.end_date),
            community_challenges::scoring.eq(scoring),
            community_challenges::created_by.eq(new.created_by),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// A challenge that `viewer` may know of, and its creator if `viewer` may see their profile.
pub(super) async fn get(
    mut connection: &AsyncPgConnection,
    id: Uuid,
    viewer: Uuid,
) -> QueryResult<Option<(Challenge, Option<Uuid>)>> {
    let creator = users::id.nullable().eq(community_challenges::created_by).and(visible_to(viewer));
    community_challenges::table
        .left_join(users::table.on(creator))
        .filter(community_challenges::id.eq(id))
        .filter(community_challenges::is_public.or(community_challenges::created_by.is_not_distinct_from(viewer)))
        .select((Row::as_select(), users::id.nullable()))
        .first::<(Row, Option<Uuid>)>(&mut connection)
        .await
        .optional()
        .map(|found| found.map(|(row, creator)| (row.into(), creator)))
}

/// A challenge that everyone may join; nobody else takes a seat before the transaction ends.
pub(super) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Challenge>> {
    community_challenges::table
        .find(id)
        .filter(community_challenges::is_public)
        .select(Row::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// A user's seat.
pub(super) async fn participant(
    mut connection: &AsyncPgConnection,
    challenge: Uuid,
    user: Uuid,
) -> QueryResult<Option<Participant>> {
    challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::user_id.eq(user))
        .select(ParticipantRow::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(ParticipantRow::into))
}

/// Takes a seat of a challenge that is locked. The CHECK on the counter refuses one too many, whatever the callers do. It is on no
/// leaderboard until that reflects the user's profile.
pub(super) async fn take_seat(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    user: Uuid,
    moment: DateTime<Utc>,
) -> QueryResult<Participant> {
    diesel::update(community_challenges::table.find(challenge))
        .set((
            community_challenges::participant_count.eq(community_challenges::participant_count + 1),
            community_challenges::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    diesel::insert_into(challenge_participants::table)
        .values((
            challenge_participants::id.eq(Uuid::now_v7()),
            challenge_participants::challenge_id.eq(challenge),
            challenge_participants::user_id.eq(user),
            challenge_participants::joined_at.eq(moment),
            challenge_participants::score_reached_at.eq(moment),
            challenge_participants::shown_to.eq("nobody"),
        ))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await
        .map(ParticipantRow::into)
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
