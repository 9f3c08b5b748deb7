//! Statements that record or delete a day.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::challenges::progress::{DayChange, DayContent, ProgressData};

/// Defines a statement that writes a day and all that follows from it: the score of the seat, the cumulative scores of later
/// days, and the change of the leaderboard. The last part of the statement writes the day itself, as the CTE `day`, and selects
/// the answer.
///
/// The statement writes nothing if days of the seat have been written since its state was read: an UPDATE that has waited for
/// another one sees the row that the other one left, which has another version, and finds nothing. Neither does the rest, which
/// reads `seat`.
macro_rules! write_day {
    (
        $(#[$meta:meta])*
        struct $name:ident { $($field:ident: $type:ty),* } -> ($($answer:ty),+) =
            $first:literal $(, $value:ident as $sql:ty, $text:literal)*;
    ) => {
        orchard_db::prepared! {
            $(#[$meta])*
            struct $name {
                participant: Uuid, version: i32, date: NaiveDate, difference: i32, moment: DateTime<Utc> $(, $field: $type)*
            } -> ($($answer),+) = "
                WITH seat AS (
                  UPDATE challenge_participants cp
                  SET
                    final_score = final_score + ", difference as Integer, ",
                    score_reached_at =
                      CASE WHEN ", difference as Integer, " = 0 THEN score_reached_at ELSE ", moment as Timestamptz, " END,
                    progress_version = progress_version + 1,
                    updated_at = now()
                  WHERE id = ", participant as SqlUuid, " AND progress_version = ", version as Integer, "
                    AND completion_status = 'active'
                    AND EXISTS (SELECT FROM community_challenges cc WHERE cc.id = cp.challenge_id AND cc.is_active)
                  RETURNING id, challenge_id, final_score, is_visible, on_board,
                    ", difference as Integer, "::integer AS difference
                ), later AS (
                  UPDATE challenge_progress cp
                  SET cumulative_score = cumulative_score + difference, updated_at = now()
                  FROM seat
                  WHERE challenge_participant_id = seat.id AND progress_date > ", date as Date, concat!(" AND difference <> 0
                ), change AS (
                  INSERT INTO leaderboard_changes (challenge_id, old_score, new_score)
                  SELECT challenge_id, final_score - difference, final_score FROM seat WHERE on_board AND difference <> 0
                ), day AS (", $first) $(, $value as $sql, $text)*;
        }
    };
}

write_day! {
    /// Records a day.
    struct Put {
        id: Uuid, data: ProgressData, daily_score: i32, cumulative_score: i32, notes: Option<String>, auto_generated: bool
    } -> (Integer, Bool, Timestamptz, Timestamptz) = "
          INSERT INTO challenge_progress
            (id, challenge_id, challenge_participant_id, progress_date, progress_data, daily_score, cumulative_score, notes, auto_generated)
          SELECT ", id as SqlUuid, "::uuid, challenge_id, id, ", date as Date, "::date, ", data as Jsonb, "::jsonb,
            ", daily_score as Integer, "::integer, ", cumulative_score as Integer, "::integer, ", notes as Nullable<Text>, "::text, ", auto_generated as Bool, "::boolean
          FROM seat
          ON CONFLICT (challenge_participant_id, progress_date) DO UPDATE SET
            progress_data = excluded.progress_data,
            daily_score = excluded.daily_score,
            cumulative_score = excluded.cumulative_score,
            notes = excluded.notes,
            auto_generated = excluded.auto_generated,
            updated_at = excluded.updated_at
          RETURNING created_at, updated_at
        )
        SELECT final_score, is_visible, created_at, updated_at FROM seat, day";
}

write_day! {
    /// Deletes a day.
    struct Delete {} -> (Integer, Bool) = "
          DELETE FROM challenge_progress
          USING seat
          WHERE challenge_participant_id = seat.id AND progress_date = ", date as Date, "
        )
        SELECT final_score, is_visible FROM seat";
}

/// Records a day. Returns the new score of the seat, whether it is visible, and when the day was created and updated; `None` if
/// the seat has changed since its state was read.
pub(in crate::challenges::progress) async fn put(
    connection: &mut AsyncPgConnection,
    change: &DayChange,
    content: &DayContent,
) -> QueryResult<Option<(i32, bool, DateTime<Utc>, DateTime<Utc>)>> {
    let DayChange { participant, version, date, daily_score, cumulative_score, difference, moment } = *change;
    let DayContent { data, notes, auto_generated } = content.clone();
    let id = Uuid::now_v7();
    let put =
        Put { participant, version, date, difference, moment, id, data, daily_score, cumulative_score, notes, auto_generated };
    put.get_result(connection).await.optional()
}

/// Deletes a day. Returns the new score of the seat and whether it is visible; `None` if the seat has changed since its state
/// was read.
pub(in crate::challenges::progress) async fn delete(
    connection: &mut AsyncPgConnection,
    change: &DayChange,
) -> QueryResult<Option<(i32, bool)>> {
    let DayChange { participant, version, date, difference, moment, .. } = *change;
    Delete { participant, version, date, difference, moment }.get_result(connection).await.optional()
}
