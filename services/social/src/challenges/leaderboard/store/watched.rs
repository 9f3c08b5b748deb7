//! Queries of what is watched: as many, however many watch.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Held, MOST, Places, ShownTo};
use crate::challenges::participant::CompletionStatus;

orchard_db::text_column!(ShownTo);

orchard_db::prepared! {
    /// The first places of a challenge, and how many there are; a row without any if there are none.
    struct First { challenge: Uuid, count: i64 } -> (
        Bool, Bool, Nullable<SqlUuid>, BigInt,
        Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<Text>, Nullable<Text>, Nullable<Integer>, Nullable<Timestamptz>, Nullable<Text>,
    ) = "WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", count as BigInt, "::bigint AS count)
        SELECT c.is_active, c.is_public, c.created_by,
          (SELECT coalesce(sum(l.participants), 0)::bigint FROM leaderboard_counts l WHERE l.challenge_id = c.id AND l.level = 4)
          + (SELECT count(l.new_score) - count(l.old_score) FROM leaderboard_changes l WHERE l.challenge_id = c.id),
          p.id, p.user_id, p.display_name, p.shown_to, p.final_score, p.score_reached_at, p.completion_status
        FROM community_challenges c
        LEFT JOIN LATERAL (
          SELECT * FROM challenge_participants p
          WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board
          ORDER BY p.final_score DESC, p.score_reached_at, p.user_id LIMIT (SELECT count FROM asked)
        ) p ON true
        WHERE c.id = (SELECT challenge_id FROM asked)
        ORDER BY p.final_score DESC, p.score_reached_at, p.user_id";
}

#[derive(Queryable)]
struct FirstRow {
    is_active: bool,
    is_public: bool,
    created_by: Option<Uuid>,
    participants: i64,
    id: Option<Uuid>,
    user: Option<Uuid>,
    display_name: Option<String>,
    shown_to: Option<ShownTo>,
    score: Option<i32>,
    reached_at: Option<DateTime<Utc>>,
    completion_status: Option<CompletionStatus>,
}

impl FirstRow {
    fn held(self) -> Option<Held> {
        Some(Held {
            id: self.id?,
            user: self.user?,
            display_name: self.display_name,
            shown_to: self.shown_to?,
            score: self.score?,
            reached_at: self.reached_at?,
            completion_status: self.completion_status?,
        })
    }
}

orchard_db::prepared! {
    /// What these viewers are to these users, and those of them who take part: those have a tie to nobody. The same as in
    /// `leaderboard::ranks`, of many viewers.
    struct Ties { challenge: Uuid, viewers: Vec<Uuid>, users: Vec<Uuid> } -> (SqlUuid, SqlUuid, Bool) = "
        WITH asked AS (SELECT ", viewers as Array<SqlUuid>, "::uuid[] AS viewers, ", users as Array<SqlUuid>, "::uuid[] AS users)
        SELECT first_user_id, second_user_id, status = 'none' FROM friendships
        WHERE first_user_id = ANY((SELECT viewers FROM asked)::uuid[]) AND second_user_id = ANY((SELECT users FROM asked)::uuid[])
          AND (status <> 'requested' OR requested_by = second_user_id)
        UNION ALL
        SELECT second_user_id, first_user_id, status = 'none' FROM friendships
        WHERE second_user_id = ANY((SELECT viewers FROM asked)::uuid[]) AND first_user_id = ANY((SELECT users FROM asked)::uuid[])
          AND (status <> 'requested' OR requested_by = first_user_id)
        UNION ALL
        SELECT own.user_id, theirs.user_id, false
        FROM family_memberships own JOIN family_memberships theirs ON theirs.family_plan_id = own.family_plan_id
        WHERE own.user_id = ANY((SELECT viewers FROM asked)::uuid[]) AND theirs.user_id = ANY((SELECT users FROM asked)::uuid[])
          AND own.role <> 'guest' AND theirs.role <> 'guest'
        UNION ALL
        SELECT user_id, '00000000-0000-0000-0000-000000000000', false FROM challenge_participants
        WHERE challenge_id = ", challenge as SqlUuid, " AND user_id = ANY((SELECT viewers FROM asked)::uuid[])
          AND completion_status <> 'withdrawn'";
}

/// What is seen of a board at one look.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// There is no such challenge.
    Nowhere,
    /// It was stopped.
    Inactive,
    /// Its places, and those of the viewers who may know of it.
    Places { places: Places, admitted: HashSet<Uuid> },
}

/// Looks at a board for all who watch it.
pub(super) async fn look(mut connection: &AsyncPgConnection, challenge: Uuid, viewers: Vec<Uuid>) -> QueryResult<Look> {
    let count = i64::try_from(MOST).unwrap_or_default();
    let rows: Vec<FirstRow> = First { challenge, count }.load(&mut connection).await?;
    let Some((is_active, is_public, created_by, participants)) =
        rows.iter().map(|row| (row.is_active, row.is_public, row.created_by, row.participants)).next()
    else {
        return Ok(Look::Nowhere);
    };
    if !is_active {
        return Ok(Look::Inactive);
    }
    let held: Vec<Held> = rows.into_iter().filter_map(FirstRow::held).collect();
    let users = held.iter().map(|held| held.user).collect();
    let ties: Vec<(Uuid, Uuid, bool)> = Ties { challenge, viewers: viewers.clone(), users }.load(&mut connection).await?;
    let mut places = Places { held, participants, ..Places::default() };
    let mut seated = HashSet::new();
    for (viewer, user, blocks) in ties {
        if user.is_nil() {
            seated.insert(viewer);
        } else if blocks {
            places.blocks.insert((viewer, user));
        } else {
            places.shows.insert((viewer, user));
        }
    }
    let admits = |viewer: &Uuid| is_public || created_by == Some(*viewer) || seated.contains(viewer);
    Ok(Look::Places { places, admitted: viewers.into_iter().filter(admits).collect() })
}
