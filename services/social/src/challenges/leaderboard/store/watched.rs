//! Queries of watched leaderboards: two statements, for any number of watchers.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{EntryColumns, EntryRow};
use crate::challenges::leaderboard::watch::{BoardRow, MAX_ENTRIES, Snapshot};
use crate::visibility::{Audience, blocked, contact, relatives};

orchard_db::prepared! {
    /// A challenge and the first entries of its leaderboard; one row without an entry if there are none.
    struct First { challenge: Uuid, count: i64 } -> (Bool, Bool, Nullable<SqlUuid>, BigInt, Nullable<Text>, EntryColumns) = "
        WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", count as BigInt, "::bigint AS count)
        SELECT c.is_active, c.is_public, c.created_by,
          (SELECT coalesce(sum(l.participants), 0)::bigint FROM leaderboard_counts l WHERE l.challenge_id = c.id AND l.level = 4)
          + (SELECT count(l.new_score) - count(l.old_score) FROM leaderboard_changes l WHERE l.challenge_id = c.id),
          p.shown_to, p.id, p.user_id, p.display_name, p.final_score, p.score_reached_at, p.completion_status
        FROM community_challenges c
        LEFT JOIN LATERAL (
          SELECT * FROM challenge_participants p
          WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board
          ORDER BY p.final_score DESC, p.score_reached_at, p.id LIMIT (SELECT count FROM asked)
        ) p ON true
        WHERE c.id = (SELECT challenge_id FROM asked)
        ORDER BY p.final_score DESC, p.score_reached_at, p.id";
}

#[derive(Queryable)]
struct FirstRow {
    is_active: bool,
    is_public: bool,
    created_by: Option<Uuid>,
    participants: i64,
    audience: Option<Audience>,
    entry: EntryRow,
}

impl FirstRow {
    fn row(self) -> Option<BoardRow> {
        let entry = self.entry.entry()?;
        Some(BoardRow { user: entry.profile.as_ref()?.user_id, audience: self.audience?, entry })
    }
}

orchard_db::prepared! {
    /// Pairs of a viewer and a user who are contacts, or one of whom has blocked the other; and the viewers who take part in
    /// the challenge, each paired with the nil user.
    struct Ties { challenge: Uuid, viewers: Vec<Uuid>, users: Vec<Uuid> } -> (SqlUuid, SqlUuid, Bool) = "
        WITH asked AS (
          SELECT ", viewers as Array<SqlUuid>, "::uuid[] AS viewers, ", users as Array<SqlUuid>, concat!("::uuid[] AS users
        )
        SELECT first_user_id, second_user_id, ", blocked!("f"), " FROM friendships f
        WHERE first_user_id = ANY((SELECT viewers FROM asked)::uuid[]) AND second_user_id = ANY((SELECT users FROM asked)::uuid[])
          AND (", blocked!("f"), " OR ", contact!("f", "f.first_user_id"), ")
        UNION ALL
        SELECT second_user_id, first_user_id, ", blocked!("f"), " FROM friendships f
        WHERE second_user_id = ANY((SELECT viewers FROM asked)::uuid[]) AND first_user_id = ANY((SELECT users FROM asked)::uuid[])
          AND (", blocked!("f"), " OR ", contact!("f", "f.second_user_id"), ")
        UNION ALL
        SELECT own.user_id, theirs.user_id, false FROM ", relatives!(), "
        WHERE own.user_id = ANY((SELECT viewers FROM asked)::uuid[]) AND theirs.user_id = ANY((SELECT users FROM asked)::uuid[])
        UNION ALL
        SELECT user_id, '00000000-0000-0000-0000-000000000000', false FROM challenge_participants
        WHERE challenge_id = "), challenge as SqlUuid, " AND user_id = ANY((SELECT viewers FROM asked)::uuid[])
          AND completion_status <> 'withdrawn'";
}

/// A leaderboard as it was read for its watchers.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::challenges::leaderboard) enum BoardState {
    /// There is no such challenge.
    NotFound,
    /// The viewers who may know of the challenge, and its entries unless it was deactivated.
    Found { admitted: HashSet<Uuid>, snapshot: Option<Snapshot> },
}

/// Reads a leaderboard for all its watchers.
pub(in crate::challenges::leaderboard) async fn board_state(
    mut connection: &AsyncPgConnection,
    challenge: Uuid,
    viewers: Vec<Uuid>,
) -> QueryResult<BoardState> {
    let count = i64::try_from(MAX_ENTRIES).unwrap_or_default();
    let rows: Vec<FirstRow> = First { challenge, count }.load(&mut connection).await?;
    let [FirstRow { is_active, is_public, created_by, participants, .. }, ..] = rows.as_slice() else {
        return Ok(BoardState::NotFound);
    };
    let (is_active, is_public, created_by) = (*is_active, *is_public, *created_by);
    let mut snapshot = Snapshot { participants: *participants, ..Snapshot::default() };
    snapshot.rows = rows.into_iter().filter_map(FirstRow::row).collect();
    let users = snapshot.rows.iter().map(|row| row.user).collect();
    let ties: Vec<(Uuid, Uuid, bool)> = Ties { challenge, viewers: viewers.clone(), users }.load(&mut connection).await?;
    let mut taking_part = HashSet::new();
    for (viewer, user, is_blocked) in ties {
        if user.is_nil() {
            taking_part.insert(viewer);
        } else if is_blocked {
            snapshot.blocked.insert((viewer, user));
        } else {
            snapshot.contacts.insert((viewer, user));
        }
    }
    let admits = |viewer: &Uuid| is_public || created_by == Some(*viewer) || taking_part.contains(viewer);
    let admitted = viewers.into_iter().filter(admits).collect();
    Ok(BoardState::Found { admitted, snapshot: is_active.then_some(snapshot) })
}
