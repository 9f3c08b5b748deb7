//! Queries of a user's standings in all of their challenges.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::sql::counts;
use crate::challenges::leaderboard::{Cursor, Seat, Standing};
use crate::challenges::participant::CompletionStatus;

orchard_db::prepared! {
    /// Seats of a user in active challenges, before a position in the order of joining, with the standing in each. Of another user than the
    /// viewer, those on leaderboards of challenges that the viewer may know of.
    struct Standings {
        user: Uuid, viewer: Uuid, joined_before: DateTime<Utc>, seat: Uuid, count: i64
    } -> (SqlUuid, SqlUuid, Timestamptz, BigInt, BigInt, Integer, Bool, Text) = "
        WITH list AS (
          SELECT ", user as SqlUuid, "::uuid AS user_id, ", viewer as SqlUuid, "::uuid AS viewer, ",
            joined_before as Timestamptz, "::timestamptz AS joined_before, ", seat as SqlUuid, "::uuid AS seat
        ),
        seats AS (
          SELECT p.*
          FROM list
          JOIN challenge_participants p ON p.user_id = list.user_id
          JOIN community_challenges c ON c.id = p.challenge_id
          WHERE c.is_active AND p.completion_status = 'active' AND (p.joined_at, p.id) < (list.joined_before, list.seat)
            AND (list.viewer = list.user_id OR p.on_board AND (
              c.is_public OR c.created_by = list.viewer OR EXISTS (
                SELECT FROM challenge_participants s
                WHERE s.challenge_id = c.id AND s.user_id = list.viewer AND s.completion_status <> 'withdrawn'
              )
            ))
          ORDER BY p.joined_at DESC, p.id DESC LIMIT ", count as BigInt, concat!("
        )
        SELECT me.id, me.challenge_id, me.joined_at, board.above, board.participants, me.final_score, me.on_board,
          me.completion_status
        FROM seats me
        CROSS JOIN LATERAL (WITH asked AS (SELECT me.challenge_id AS challenge_id) ", counts!("me.final_score"), ") board
        ORDER BY me.joined_at DESC, me.id DESC");
}

#[derive(Debug, Queryable)]
struct Row {
    id: Uuid,
    challenge: Uuid,
    joined_at: DateTime<Utc>,
    above: i64,
    participants: i64,
    score: i32,
    on_board: bool,
    completion_status: CompletionStatus,
}

impl From<Row> for Seat {
    fn from(row: Row) -> Self {
        let Row { id, challenge, joined_at, above, participants, score, on_board, completion_status } = row;
        let standing = Standing { rank: above + 1, score, participants, on_board, completion_status };
        Self { id, challenge, joined_at, standing }
    }
}

/// Returns the seats that a user has now in active challenges, behind `after`, the last joined first. Of another user than `viewer`,
/// leaves out seats that are on no leaderboard and challenges that `viewer` may not know of.
pub(in crate::challenges::leaderboard) async fn standings(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    viewer: Uuid,
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Seat>> {
    let (joined_before, seat) = after.unwrap_or((Cursor::top().reached_at, Uuid::max()));
    let rows: Vec<Row> = Standings { user, viewer, joined_before, seat, count }.load(&mut connection).await?;
    Ok(rows.into_iter().map(Seat::from).collect())
}
