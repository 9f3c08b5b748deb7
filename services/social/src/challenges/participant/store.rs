//! Queries of seats.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, now};
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{CompletionStatus, Participant, RewardsEarned};
use crate::challenges::challenge::store::json_column;
use crate::schema::{challenge_participants, community_challenges, social_achievements};

orchard_db::text_column!(CompletionStatus);
json_column!(RewardsEarned);

impl RewardsEarned {
    /// As it is kept.
    pub(crate) fn kept(earned: Option<&Self>) -> QueryResult<Option<Value>> {
        earned.map(serde_json::to_value).transpose().map_err(|error| SerializationError(error.into()))
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
    on_board: bool,
    completion_date: Option<DateTime<Utc>>,
    rank_position: Option<i32>,
    rewards_earned: Option<RewardsEarned>,
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
            on_board: row.on_board,
            completion_date: row.completion_date,
            rank_position: row.rank_position,
            rewards_earned: row.rewards_earned,
        }
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn seat(challenge: Uuid, user: Uuid) -> _ {
    let of = challenge_participants::challenge_id.eq(challenge).and(challenge_participants::user_id.eq(user));
    challenge_participants::table.filter(of)
}

/// A user's seat, also one that they have left.
pub(crate) async fn get(mut connection: &AsyncPgConnection, challenge: Uuid, user: Uuid) -> QueryResult<Option<Participant>> {
    let found = seat(challenge, user).select(ParticipantRow::as_select()).first(&mut connection).await.optional()?;
    Ok(found.map(ParticipantRow::into))
}

/// A user's seat, which nobody else changes before the transaction ends.
pub(super) async fn lock(connection: &mut AsyncPgConnection, challenge: Uuid, user: Uuid) -> QueryResult<Option<Participant>> {
    let found =
        seat(challenge, user).select(ParticipantRow::as_select()).for_no_key_update().first(connection).await.optional()?;
    Ok(found.map(ParticipantRow::into))
}

/// A user's seats, the last first, behind one of them.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    status: Option<CompletionStatus>,
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Participant>> {
    let (joined, id) = after.unwrap_or((DateTime::<Utc>::MAX_UTC, Uuid::max()));
    let later = challenge_participants::joined_at.lt(joined);
    let same = challenge_participants::joined_at.eq(joined).and(challenge_participants::id.lt(id));
    let mut seats = challenge_participants::table.filter(challenge_participants::user_id.eq(user)).into_boxed();
    if after.is_some() {
        seats = seats.filter(later.or(same));
    }
    if let Some(status) = status {
        seats = seats.filter(challenge_participants::completion_status.eq(status));
    }
    let rows: Vec<ParticipantRow> = seats
        .order((challenge_participants::joined_at.desc(), challenge_participants::id.desc()))
        .limit(count)
        .select(ParticipantRow::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(ParticipantRow::into).collect())
}

/// Counts a seat of a challenge that is locked as taken, or as free. The CHECK on the counter refuses one too many, whatever the callers do.
pub(super) async fn count_seats(connection: &mut AsyncPgConnection, challenge: Uuid, more: i32) -> QueryResult<()> {
    diesel::update(community_challenges::table.find(challenge))
        .set((
            community_challenges::participant_count.eq(community_challenges::participant_count + more),
            community_challenges::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Writes the seat of a user who had none. It is on no leaderboard until that reflects the user's profile.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    user: Uuid,
    moment: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
) -> QueryResult<Participant> {
    diesel::insert_into(challenge_participants::table)
        .values((
            // Of chance alone: on a leaderboard it makes the pseudonym, and is to tell nothing else.
            challenge_participants::id.eq(Uuid::new_v4()),
            challenge_participants::challenge_id.eq(challenge),
            challenge_participants::user_id.eq(user),
            challenge_participants::joined_at.eq(moment),
            challenge_participants::score_reached_at.eq(moment),
            challenge_participants::ends_at.eq(ends_at),
            challenge_participants::shown_to.eq("nobody"),
        ))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await
        .map(ParticipantRow::into)
}

/// Writes how far a participant, who is locked, got.
pub(super) async fn set_status(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    status: CompletionStatus,
) -> QueryResult<Participant> {
    diesel::update(challenge_participants::table.find(id))
        .set((challenge_participants::completion_status.eq(status), challenge_participants::updated_at.eq(now)))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await
        .map(ParticipantRow::into)
}

/// Writes whether a participant, who is locked, wants to be on the leaderboard.
pub(super) async fn set_visibility(connection: &mut AsyncPgConnection, id: Uuid, is_visible: bool) -> QueryResult<Participant> {
    diesel::update(challenge_participants::table.find(id))
        .set((challenge_participants::is_visible.eq(is_visible), challenge_participants::updated_at.eq(now)))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await
        .map(ParticipantRow::into)
}

/// How many challenges a user has completed.
pub(super) async fn count_completed(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<i64> {
    challenge_participants::table
        .filter(challenge_participants::user_id.eq(user))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Completed))
        .select(count_star())
        .first(&mut connection)
        .await
}

/// Those of these badges that a user has.
pub(super) async fn badges(mut connection: &AsyncPgConnection, user: Uuid, of: &[String]) -> QueryResult<Vec<String>> {
    let badges: Vec<Option<String>> = social_achievements::table
        .filter(social_achievements::user_id.eq(user))
        .filter(social_achievements::badge_awarded.eq_any(of))
        .select(social_achievements::badge_awarded)
        .distinct()
        .order(social_achievements::badge_awarded)
        .load(&mut connection)
        .await?;
    Ok(badges.into_iter().flatten().collect())
}
