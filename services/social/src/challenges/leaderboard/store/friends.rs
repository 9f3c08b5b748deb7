//! Queries of friends' entries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::sql::{behind_cursor, challenge, counts, ties};
use super::{EntryColumns, EntryRow, Found};
use crate::challenges::leaderboard::{Cursor, FriendEntry};

behind_cursor! {
    /// Friends on the leaderboard behind a position among them, each with the rank among the friends and on the leaderboard.
    struct Friends -> (Nullable<Bool>, EntryColumns, Nullable<BigInt>, Nullable<BigInt>) = concat!(
        "circle AS (
          SELECT viewer AS user_id FROM asked
          UNION SELECT user_id FROM ties WHERE is_friend
          UNION SELECT user_id FROM fellows WHERE user_id NOT IN (SELECT user_id FROM ties WHERE is_blocked)
        ),
        friends AS (
          SELECT p.*, rank() OVER (ORDER BY p.final_score DESC) AS friend_rank
          FROM circle JOIN challenge_participants p
            ON p.challenge_id = (SELECT challenge_id FROM asked) AND p.user_id = circle.user_id
          WHERE p.on_board AND (SELECT is_active FROM challenge)
        ),
        page AS (
          SELECT p.* FROM friends p, asked
          WHERE p.final_score < asked.score OR p.final_score = asked.score
            AND (p.score_reached_at, p.id) > (asked.reached_at, asked.participant)
          ORDER BY p.final_score DESC, p.score_reached_at, p.id LIMIT (SELECT count FROM asked)
        ),
        ranked AS (
          SELECT scores.score, board.above + 1 AS rank
          FROM (SELECT DISTINCT final_score AS score FROM page) scores
          CROSS JOIN LATERAL (",
        counts!("scores.score"),
        ") board
        )
        SELECT (SELECT is_active FROM challenge), p.id, p.user_id, p.display_name, p.final_score, p.score_reached_at,
          p.completion_status, p.friend_rank, ranked.rank
        FROM (SELECT) one
        LEFT JOIN page p ON true
        LEFT JOIN ranked ON ranked.score = p.final_score
        ORDER BY p.final_score DESC, p.score_reached_at, p.id"
    );
}

#[derive(Debug, Queryable)]
struct FriendRow {
    is_active: Option<bool>,
    entry: EntryRow,
    friend_rank: Option<i64>,
    rank: Option<i64>,
}

impl FriendRow {
    fn friend(self) -> Option<FriendEntry> {
        Some(FriendEntry { entry: self.entry.entry()?, friend_rank: self.friend_rank?, rank: self.rank? })
    }
}

/// Returns the entries of the viewer and their friends behind a position.
pub(in crate::challenges::leaderboard) async fn friends(
    mut connection: &AsyncPgConnection,
    challenge: Uuid,
    viewer: Uuid,
    cursor: Cursor,
    count: i64,
) -> QueryResult<Found<Vec<FriendEntry>>> {
    let rows: Vec<FriendRow> = Friends::new(challenge, viewer, cursor, count).load(&mut connection).await?;
    let is_active = rows.iter().find_map(|row| row.is_active);
    Ok(Found { is_active, content: rows.into_iter().filter_map(FriendRow::friend).collect() })
}
