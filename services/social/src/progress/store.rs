//! Queries of progress.

use chrono::NaiveDate;
use diesel::dsl::{now, sum};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Day;
use crate::challenge::Challenge;
use crate::challenge::store::Row;
use crate::participant::store::ParticipantRow;
use crate::participant::{CompletionStatus, Participant};
use crate::schema::{challenge_participants, challenge_progress, community_challenges};

/// A challenge, as one who takes part in it knows it.
pub(super) async fn challenge(connection: &mut AsyncPgConnection, id: Uuid, user: Uuid) -> QueryResult<Option<Challenge>> {
    let seat = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(community_challenges::id))
        .filter(challenge_participants::user_id.eq(user));
    community_challenges::table
        .find(id)
        .filter(community_challenges::is_public.or(diesel::dsl::exists(seat)))
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// An active participant; nobody else changes their score before the transaction ends.
///
/// Without this lock two writers of one day each take the other's score for the one before.
pub(super) async fn lock(connection: &mut AsyncPgConnection, challenge: Uuid, user: Uuid) -> QueryResult<Option<Participant>> {
    challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::user_id.eq(user))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active))
        .select(ParticipantRow::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()
        .map(|found| found.map(ParticipantRow::into))
}

/// Points of all days before `date`, and of `date` as it was recorded until now.
pub(super) async fn scored(connection: &mut AsyncPgConnection, participant: Uuid, date: NaiveDate) -> QueryResult<(i32, i32)> {
    let days = challenge_progress::table.filter(challenge_progress::challenge_participant_id.eq(participant));
    let before: Option<i64> = days
        .filter(challenge_progress::progress_date.lt(date))
        .select(sum(challenge_progress::daily_score))
        .first(connection)
        .await?;
    let on: Option<i32> = days
        .filter(challenge_progress::progress_date.eq(date))
        .select(challenge_progress::daily_score)
        .first(connection)
        .await
        .optional()?;
    Ok((i32::try_from(before.unwrap_or_default()).unwrap_or(i32::MAX), on.unwrap_or_default()))
}

/// Writes a day, in place of what it held.
pub(super) async fn record(connection: &mut AsyncPgConnection, participant: Uuid, day: &Day) -> QueryResult<()> {
    let data = serde_json::to_value(&day.data).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let values = (
        challenge_progress::progress_data.eq(data),
        challenge_progress::daily_score.eq(day.daily_score),
        challenge_progress::cumulative_score.eq(day.cumulative_score),
        challenge_progress::notes.eq(&day.notes),
    );
    diesel::insert_into(challenge_progress::table)
        .values((
            challenge_progress::id.eq(Uuid::now_v7()),
            challenge_progress::challenge_participant_id.eq(participant),
            challenge_progress::progress_date.eq(day.date),
            values.clone(),
        ))
        .on_conflict((challenge_progress::challenge_participant_id, challenge_progress::progress_date))
        .do_update()
        .set((values, challenge_progress::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Adds a difference to the days after `date` and to the participant's score.
pub(super) async fn carry(
    connection: &mut AsyncPgConnection,
    participant: Uuid,
    date: NaiveDate,
    difference: i32,
) -> QueryResult<Participant> {
    let later = challenge_progress::table
        .filter(challenge_progress::challenge_participant_id.eq(participant))
        .filter(challenge_progress::progress_date.gt(date));
    diesel::update(later)
        .set((
            challenge_progress::cumulative_score.eq(challenge_progress::cumulative_score + difference),
            challenge_progress::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    diesel::update(challenge_participants::table.find(participant))
        .set((
            challenge_participants::final_score.eq(challenge_participants::final_score + difference),
            challenge_participants::score_reached_at.eq(now),
            challenge_participants::updated_at.eq(now),
        ))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await
        .map(ParticipantRow::into)
}
