//! Queries of seats.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row;
use uuid::Uuid;

use super::{CompletionStatus, Participant, RewardsEarned};
use crate::board_copies;
use crate::challenges::json::json_column;
use crate::schema::{challenge_participants, community_challenges};

orchard_db::text_column!(CompletionStatus);
json_column!(RewardsEarned);

#[derive(Queryable, Selectable)]
#[diesel(table_name = challenge_participants)]
pub(crate) struct ParticipantRow {
    id: Uuid,
    challenge_id: Uuid,
    user_id: Uuid,
    completion_status: CompletionStatus,
    final_score: i32,
    joined_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
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
            ends_at: row.ends_at,
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

/// Returns a user's seat, also one that they have left.
pub(super) async fn get(mut connection: &AsyncPgConnection, challenge: Uuid, user: Uuid) -> QueryResult<Option<Participant>> {
    let found = seat(challenge, user).select(ParticipantRow::as_select()).first(&mut connection).await.optional()?;
    Ok(found.map(ParticipantRow::into))
}

/// Returns the id of a user's seat, also of one that they have left.
pub(crate) async fn id_of(mut connection: &AsyncPgConnection, challenge: Uuid, user: Uuid) -> QueryResult<Option<Uuid>> {
    seat(challenge, user).select(challenge_participants::id).first(&mut connection).await.optional()
}

/// Locks a user's seat, also one that they have left.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, challenge: Uuid, user: Uuid) -> QueryResult<Option<Participant>> {
    let found =
        seat(challenge, user).select(ParticipantRow::as_select()).for_no_key_update().first(connection).await.optional()?;
    Ok(found.map(ParticipantRow::into))
}

/// Returns a user's seats behind `after`, latest first.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    status: Option<CompletionStatus>,
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Participant>> {
    let mut seats = challenge_participants::table.filter(challenge_participants::user_id.eq(user)).into_boxed();
    if let Some(after) = after {
        seats = seats.filter(row(challenge_participants::joined_at, challenge_participants::id).lt(after));
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

/// Locks the number of seats of a challenge: nobody else takes or leaves one before the transaction ends.
pub(super) async fn lock_seats(connection: &mut AsyncPgConnection, challenge: Uuid) -> QueryResult<()> {
    let _locked: Vec<Uuid> =
        community_challenges::table.find(challenge).select(community_challenges::id).for_no_key_update().load(connection).await?;
    Ok(())
}

/// Adds `change` to the number of taken seats of a locked challenge. A CHECK on the counter refuses one too many, whatever the
/// caller does.
pub(crate) async fn count_seats(connection: &mut AsyncPgConnection, challenge: Uuid, change: i32) -> QueryResult<()> {
    diesel::update(community_challenges::table.find(challenge))
        .set((
            community_challenges::participant_count.eq(community_challenges::participant_count + change),
            community_challenges::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

orchard_db::prepared! {
    /// Selects those of these challenges whose number of taken seats differs from a recount.
    struct Miscounted { challenges: Vec<Uuid> } -> (SqlUuid,) = "
        SELECT c.id FROM community_challenges c
        WHERE c.id = ANY(", challenges as Array<SqlUuid>, ") AND c.participant_count <> (
          SELECT count(*) FROM challenge_participants p WHERE p.challenge_id = c.id AND p.completion_status <> 'withdrawn'
        )";
}

/// Returns those of these challenges whose number of taken seats differs from a recount.
pub(crate) async fn miscounted(mut connection: &AsyncPgConnection, challenges: Vec<Uuid>) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<(Uuid,)> = Miscounted { challenges }.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(challenge,)| challenge).collect())
}

/// Counts the taken seats of a challenge again, and returns how many more they are.
pub(crate) async fn recount_seats(connection: &mut AsyncPgConnection, challenge: Uuid) -> QueryResult<i32> {
    lock_seats(connection, challenge).await?;
    // Not in the statement that locks, which would not count the seats that were committed while it waited.
    let seats = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::completion_status.ne(CompletionStatus::Withdrawn));
    let taken: i64 = seats.count().get_result(connection).await?;
    let counted: i32 =
        community_challenges::table.find(challenge).select(community_challenges::participant_count).first(connection).await?;
    let change = i32::try_from(taken).unwrap_or(i32::MAX) - counted;
    if change != 0 {
        count_seats(connection, challenge, change).await?;
    }
    Ok(change)
}

/// Inserts the seat of a user who has none. It is on no leaderboard until `board_copies` has copied the user's profile.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    user: Uuid,
    joined_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
) -> QueryResult<Participant> {
    diesel::insert_into(challenge_participants::table)
        .values((
            // Random, because the pseudonym on leaderboards is made from it and must not reveal anything.
            challenge_participants::id.eq(Uuid::new_v4()),
            challenge_participants::challenge_id.eq(challenge),
            challenge_participants::user_id.eq(user),
            challenge_participants::joined_at.eq(joined_at),
            challenge_participants::score_reached_at.eq(joined_at),
            challenge_participants::ends_at.eq(ends_at),
            challenge_participants::shown_to.eq("nobody"),
        ))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await
        .map(ParticipantRow::into)
}

/// Writes the status of a locked seat, and moves it on the leaderboard.
pub(crate) async fn set_status(
    connection: &mut AsyncPgConnection,
    seat: &Participant,
    status: CompletionStatus,
) -> QueryResult<Participant> {
    let after = diesel::update(challenge_participants::table.find(seat.id))
        .set((challenge_participants::completion_status.eq(status), challenge_participants::updated_at.eq(now)))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await?;
    moved(connection, seat, after).await
}

/// Writes whether the user of a locked seat wants to be on the leaderboard, and moves the seat there.
pub(super) async fn set_visibility(
    connection: &mut AsyncPgConnection,
    seat: &Participant,
    is_visible: bool,
) -> QueryResult<Participant> {
    let after = diesel::update(challenge_participants::table.find(seat.id))
        .set((challenge_participants::is_visible.eq(is_visible), challenge_participants::updated_at.eq(now)))
        .returning(ParticipantRow::as_returning())
        .get_result(connection)
        .await?;
    moved(connection, seat, after).await
}

/// Records how a seat has moved on the leaderboard.
async fn moved(connection: &mut AsyncPgConnection, before: &Participant, after: ParticipantRow) -> QueryResult<Participant> {
    let after = Participant::from(after);
    let score = |seat: &Participant| seat.on_board.then_some(seat.final_score);
    board_copies::change(connection, after.challenge_id, score(before), score(&after)).await?;
    Ok(after)
}
