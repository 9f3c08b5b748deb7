//! Queries of progress.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Change, NewDay, Standing};
use crate::challenges::challenge::Scoring;
use crate::challenges::participant::store::ParticipantRow;
use crate::clock;
use crate::schema::{challenge_participants, challenge_progress, community_challenges, users};

/// What is to be known of a challenge.
#[derive(Queryable, Selectable)]
#[diesel(table_name = community_challenges)]
struct ChallengeRow {
    is_active: bool,
    start_date: Option<NaiveDate>,
    duration_days: i32,
    scoring: Scoring,
}

/// What is to be known of a seat.
#[derive(Queryable, Selectable)]
#[diesel(table_name = challenge_participants)]
struct SeatRow {
    #[diesel(embed)]
    participant: ParticipantRow,
    progress_version: i32,
}

/// A challenge that `user` may know of, and their standing in it if they have, or had, a seat: all that the rules for `date` ask.
pub(super) async fn standing(
    mut connection: &AsyncPgConnection,
    challenge: Uuid,
    user: Uuid,
    date: NaiveDate,
    ahead: Duration,
) -> QueryResult<Option<Option<Standing>>> {
    let seat = challenge_participants::challenge_id.eq(community_challenges::id).and(challenge_participants::user_id.eq(user));
    let is_theirs = community_challenges::created_by.is_not_distinct_from(user);
    let days = challenge_progress::table
        .filter(challenge_progress::challenge_participant_id.nullable().eq(challenge_participants::id.nullable()));
    let before = days
        .filter(challenge_progress::progress_date.lt(date))
        .order(challenge_progress::progress_date.desc())
        .select(challenge_progress::cumulative_score)
        .limit(1)
        .single_value();
    let recorded = days.filter(challenge_progress::progress_date.eq(date)).select(challenge_progress::daily_score).single_value();
    let found = community_challenges::table
        .left_join(challenge_participants::table.on(seat))
        .left_join(users::table.on(users::id.nullable().eq(challenge_participants::user_id.nullable())))
        .filter(community_challenges::id.eq(challenge))
        .filter(community_challenges::is_public.or(challenge_participants::id.nullable().is_not_null()).or(is_theirs))
        .select((
            ChallengeRow::as_select(),
            Option::<SeatRow>::as_select(),
            users::time_zone.nullable(),
            now.into_sql::<Timestamptz>(),
            before,
            recorded,
        ))
        .first::<(ChallengeRow, Option<SeatRow>, Option<String>, DateTime<Utc>, Option<i32>, Option<i32>)>(&mut connection)
        .await
        .optional()?;
    let Some((challenge, seat, zone, moment, before, recorded)) = found else { return Ok(None) };
    let standing = seat.map(|SeatRow { participant, progress_version }| Standing {
        is_active: challenge.is_active,
        start_date: challenge.start_date,
        duration_days: challenge.duration_days,
        scoring: challenge.scoring,
        participant: participant.into(),
        version: progress_version,
        time_zone: clock::zone(&zone.unwrap_or_default()),
        now: moment + ahead,
        before: before.unwrap_or_default(),
        recorded,
    });
    Ok(Some(standing))
}

/// Locks a user's seats in challenges, in the order of their ids: nobody else writes their days before the transaction ends.
pub(super) async fn lock(connection: &mut AsyncPgConnection, user: Uuid, challenges: &[Uuid]) -> QueryResult<()> {
    let _locked: Vec<Uuid> = challenge_participants::table
        .filter(challenge_participants::user_id.eq(user))
        .filter(challenge_participants::challenge_id.eq_any(challenges))
        .select(challenge_participants::id)
        .order(challenge_participants::id)
        .for_no_key_update()
        .load(connection)
        .await?;
    Ok(())
}

orchard_db::prepared! {
    /// Writes a day, and all that follows from it, if nobody has written one of the seat's since its standing was read.
    ///
    /// An UPDATE that has waited for another looks at the row as that has left it: with another version it finds nothing, and neither does
    /// the rest.
    struct Put {
        difference: i32, moment: DateTime<Utc>, participant: Uuid, version: i32, id: Uuid, date: NaiveDate, data: Value, daily_score: i32,
        cumulative_score: i32, notes: Option<String>, auto_generated: bool,
    } -> (Integer, Bool, Timestamptz, Timestamptz) = "
        WITH place AS (
          UPDATE challenge_participants cp
          SET
            final_score = final_score + ", difference as Integer, ",
            score_reached_at = CASE WHEN ", difference as Integer, " = 0 THEN score_reached_at ELSE ", moment as Timestamptz, " END,
            progress_version = progress_version + 1,
            updated_at = now()
          WHERE id = ", participant as SqlUuid, " AND progress_version = ", version as Integer, "
            AND completion_status = 'active'
            AND EXISTS (SELECT FROM community_challenges cc WHERE cc.id = cp.challenge_id AND cc.is_active)
          RETURNING id, challenge_id, final_score, is_visible, on_board, ", difference as Integer, "::integer AS difference
        ), day AS (
          INSERT INTO challenge_progress
            (id, challenge_participant_id, progress_date, progress_data, daily_score, cumulative_score, notes, auto_generated)
          SELECT ", id as SqlUuid, "::uuid, id, ", date as Date, "::date, ", data as Jsonb, "::jsonb, ", daily_score as Integer, "::integer,
            ", cumulative_score as Integer, "::integer, ", notes as Nullable<Text>, "::text, ", auto_generated as Bool, "::boolean
          FROM place
          ON CONFLICT (challenge_participant_id, progress_date) DO UPDATE SET
            progress_data = excluded.progress_data,
            daily_score = excluded.daily_score,
            cumulative_score = excluded.cumulative_score,
            notes = excluded.notes,
            auto_generated = excluded.auto_generated,
            updated_at = now()
          RETURNING created_at, updated_at
        ), later AS (
          UPDATE challenge_progress cp
          SET cumulative_score = cumulative_score + difference, updated_at = now()
          FROM place
          WHERE challenge_participant_id = place.id AND progress_date > ", date as Date, " AND difference <> 0
        ), change AS (
          INSERT INTO leaderboard_changes (challenge_id, old_score, new_score)
          SELECT challenge_id, final_score - difference, final_score FROM place WHERE on_board AND difference <> 0
        )
        SELECT final_score, is_visible, created_at, updated_at FROM place, day";
}

orchard_db::prepared! {
    /// Deletes a day, as `Put` writes one.
    struct Delete { difference: i32, moment: DateTime<Utc>, participant: Uuid, version: i32, date: NaiveDate } -> (Integer, Bool) = "
        WITH place AS (
          UPDATE challenge_participants cp
          SET
            final_score = final_score + ", difference as Integer, ",
            score_reached_at = CASE WHEN ", difference as Integer, " = 0 THEN score_reached_at ELSE ", moment as Timestamptz, " END,
            progress_version = progress_version + 1,
            updated_at = now()
          WHERE id = ", participant as SqlUuid, " AND progress_version = ", version as Integer, "
            AND completion_status = 'active'
            AND EXISTS (SELECT FROM community_challenges cc WHERE cc.id = cp.challenge_id AND cc.is_active)
          RETURNING id, challenge_id, final_score, is_visible, on_board, ", difference as Integer, " AS difference
        ), day AS (
          DELETE FROM challenge_progress
          USING place
          WHERE challenge_participant_id = place.id AND progress_date = ", date as Date, "
        ), later AS (
          UPDATE challenge_progress cp
          SET cumulative_score = cumulative_score + difference, updated_at = now()
          FROM place
          WHERE challenge_participant_id = place.id AND progress_date > ", date as Date, " AND difference <> 0
        ), change AS (
          INSERT INTO leaderboard_changes (challenge_id, old_score, new_score)
          SELECT challenge_id, final_score - difference, final_score FROM place WHERE on_board AND difference <> 0
        )
        SELECT final_score, is_visible FROM place";
}

/// Writes a day; the score then, whether the seat is visible, and since when the day has been there and has been so. Nothing when the standing
/// that the change was made from is not the seat's any more.
pub(super) async fn put(
    connection: &mut AsyncPgConnection,
    change: &Change,
    day: &NewDay,
) -> QueryResult<Option<(i32, bool, DateTime<Utc>, DateTime<Utc>)>> {
    let data = serde_json::to_value(&day.data).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let put = Put {
        difference: change.difference,
        moment: change.moment,
        participant: change.participant,
        version: change.version,
        id: Uuid::now_v7(),
        date: change.date,
        data,
        daily_score: change.daily_score,
        cumulative_score: change.cumulative_score,
        notes: day.notes.clone(),
        auto_generated: day.auto_generated,
    };
    put.get_result(connection).await.optional()
}

/// Deletes a day; the score then, and whether the seat is visible. Nothing as of [`put`].
pub(super) async fn delete(connection: &mut AsyncPgConnection, change: &Change) -> QueryResult<Option<(i32, bool)>> {
    let Change { participant, version, date, difference, moment, .. } = *change;
    Delete { difference, moment, participant, version, date }.get_result(connection).await.optional()
}
