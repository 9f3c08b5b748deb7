//! Queries of progress.

mod list;
mod write;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_rpc::Zone;
use orchard_server::Clock;
use uuid::Uuid;

use super::recording::DayWrite;
use super::{ProgressData, SeatState};
use crate::challenges::challenge::Scoring;
use crate::challenges::json::json_column;
use crate::challenges::participant::store::ParticipantRow;
use crate::schema::{challenge_participants, challenge_progress, community_challenges, users};

pub(super) use list::days;
pub(super) use write::{delete, put};

json_column!(ProgressData);

/// What the rules need of a challenge.
#[derive(Queryable, Selectable)]
#[diesel(table_name = community_challenges)]
struct ChallengeRow {
    is_active: bool,
    end_date: Option<NaiveDate>,
    duration_days: i32,
    scoring: Scoring,
}

/// What the rules need of a seat.
#[derive(Queryable, Selectable)]
#[diesel(table_name = challenge_participants)]
struct SeatRow {
    #[diesel(embed)]
    participant: ParticipantRow,
    progress_version: i32,
}

/// Returns what the rules need to know of a day, in one statement. `None` if the user may not know of the challenge,
/// `Some(None)` if they never had a seat in it.
pub(super) async fn seat_state(
    mut connection: &AsyncPgConnection,
    clock: &Clock,
    write: &DayWrite,
) -> QueryResult<Option<Option<SeatState>>> {
    let user = write.user;
    let seat = challenge_participants::challenge_id.eq(community_challenges::id).and(challenge_participants::user_id.eq(user));
    let is_theirs = community_challenges::created_by.is_not_distinct_from(user);
    let days = challenge_progress::table
        .filter(challenge_progress::challenge_participant_id.nullable().eq(challenge_participants::id.nullable()));
    let earlier_score = days
        .filter(challenge_progress::progress_date.lt(write.date))
        .order(challenge_progress::progress_date.desc())
        .select(challenge_progress::cumulative_score)
        .limit(1)
        .single_value();
    let recorded =
        days.filter(challenge_progress::progress_date.eq(write.date)).select(challenge_progress::daily_score).single_value();
    let found = community_challenges::table
        .left_join(challenge_participants::table.on(seat))
        .left_join(users::table.on(users::id.nullable().eq(challenge_participants::user_id.nullable())))
        .filter(community_challenges::id.eq(write.challenge))
        .filter(community_challenges::is_public.or(challenge_participants::id.nullable().is_not_null()).or(is_theirs))
        .select((
            ChallengeRow::as_select(),
            Option::<SeatRow>::as_select(),
            users::time_zone.nullable(),
            now.into_sql::<Timestamptz>(),
            earlier_score,
            recorded,
        ))
        .first::<(ChallengeRow, Option<SeatRow>, Option<String>, DateTime<Utc>, Option<i32>, Option<i32>)>(&mut connection)
        .await
        .optional()?;
    let Some((challenge, seat, time_zone, moment, earlier_score, recorded)) = found else { return Ok(None) };
    Ok(Some(seat.map(|SeatRow { participant, progress_version }| SeatState {
        is_active: challenge.is_active,
        end_date: challenge.end_date,
        duration_days: challenge.duration_days,
        scoring: challenge.scoring,
        participant: participant.into(),
        version: progress_version,
        time_zone: Zone::stored(&time_zone.unwrap_or_default()),
        now: clock.at(moment),
        earlier_score: earlier_score.unwrap_or_default(),
        recorded,
    })))
}

/// Locks a user's seats in challenges, ordered by id: nobody else writes their days before the transaction ends.
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
