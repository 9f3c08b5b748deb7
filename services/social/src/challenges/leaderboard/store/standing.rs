//! Queries of standings.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Found;
use super::sql::{challenge, counts, me};
use crate::challenges::leaderboard::{Cursor, Standing};
use crate::challenges::participant::CompletionStatus;

/// SQL types of [`MyRow`].
pub(super) type MyColumns = (
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Integer>,
    Nullable<Bool>,
    Nullable<Text>,
    Nullable<Timestamptz>,
    Nullable<SqlUuid>,
);

/// The viewer's own seat on the leaderboard; all columns are NULL if they do not take part.
#[derive(Debug, Queryable)]
pub(super) struct MyRow {
    above: Option<i64>,
    participants: Option<i64>,
    score: Option<i32>,
    on_board: Option<bool>,
    completion_status: Option<CompletionStatus>,
    reached_at: Option<DateTime<Utc>>,
    id: Option<Uuid>,
}

impl MyRow {
    pub(super) fn standing(self) -> Option<(Standing, Cursor)> {
        let (score, reached_at, participant) = (self.score?, self.reached_at?, self.id?);
        let standing = Standing {
            rank: self.above? + 1,
            score,
            participants: self.participants?,
            on_board: self.on_board?,
            completion_status: self.completion_status?,
        };
        Some((standing, Cursor { score, reached_at, participant }))
    }
}

orchard_db::prepared! {
    /// The viewer's standing.
    struct Mine { challenge: Uuid, viewer: Uuid } -> (Nullable<Bool>, MyColumns) = "
        WITH asked AS (
          SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", viewer as SqlUuid, concat!("::uuid AS viewer
        ), ",
        challenge!(), ", ", me!(), "
        SELECT (SELECT is_active FROM challenge), board.above, board.participants, me.final_score, me.on_board,
          me.completion_status, me.score_reached_at, me.id
        FROM (SELECT) one
        LEFT JOIN me ON true
        LEFT JOIN LATERAL (", counts!("me.final_score"), ") board ON me.id IS NOT NULL");
}

/// Returns the viewer's standing, if they take part.
pub(in crate::challenges::leaderboard) async fn standing(
    mut connection: &AsyncPgConnection,
    challenge: Uuid,
    viewer: Uuid,
) -> QueryResult<Found<Option<Standing>>> {
    let (is_active, mine): (Option<bool>, MyRow) = Mine { challenge, viewer }.get_result(&mut connection).await?;
    Ok(Found { is_active, content: mine.standing().map(|(standing, _)| standing) })
}
