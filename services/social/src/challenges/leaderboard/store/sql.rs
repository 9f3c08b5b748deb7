//! Statements about boards: each sees one moment, reads by index, and costs about the same however many take part.
//!
//! How many have a higher score is a sum over `leaderboard_counts`: of each level those that are above the score's own and in the same range
//! of the level above it; and over what is not in there yet.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::{Entry, Friend, Place, Shown, Standing, Stretch};
use crate::challenges::participant::CompletionStatus;

/// Of the board of `asked.challenge_id` how many have a higher score than `$score`, how many the same, and how many there are.
macro_rules! counted {
    ($score:literal) => {
        concat!(
            "SELECT
               coalesce(counted.above, 0) + coalesce(changed.above, 0) AS above,
               coalesce(level.alike, 0) + coalesce(changed.alike, 0) AS alike,
               coalesce(everyone.participants, 0) + changed.participants AS participants
             FROM (SELECT ",
            $score,
            " AS score) at
             CROSS JOIN LATERAL (
               SELECT sum(c.participants)::bigint AS above
               FROM generate_series(0, 4) l JOIN leaderboard_counts c
                 ON c.challenge_id = (SELECT challenge_id FROM asked) AND c.level = l
                   AND c.bucket > (at.score >> (6 * l)) AND c.bucket <= ((at.score >> (6 * l)) | 63)
             ) counted
             CROSS JOIN LATERAL (
               SELECT sum(c.participants)::bigint AS alike FROM leaderboard_counts c
               WHERE c.challenge_id = (SELECT challenge_id FROM asked) AND c.level = 0 AND c.bucket = at.score
             ) level
             CROSS JOIN LATERAL (
               SELECT sum(c.participants)::bigint AS participants FROM leaderboard_counts c
               WHERE c.challenge_id = (SELECT challenge_id FROM asked) AND c.level = 4
             ) everyone
             CROSS JOIN LATERAL (
               SELECT
                 count(*) FILTER (WHERE new_score > at.score) - count(*) FILTER (WHERE old_score > at.score) AS above,
                 count(*) FILTER (WHERE new_score = at.score) - count(*) FILTER (WHERE old_score = at.score) AS alike,
                 count(new_score) - count(old_score) AS participants
               FROM leaderboard_changes c WHERE c.challenge_id = (SELECT challenge_id FROM asked)
             ) changed"
        )
    };
}

/// Whether the challenge is in use, if the viewer may know of it; the same as `challenge::store::known_to`.
macro_rules! known {
    () => {
        "challenge AS (
           SELECT c.is_active FROM community_challenges c
           WHERE c.id = (SELECT challenge_id FROM asked) AND (
             c.is_public OR c.created_by = (SELECT viewer FROM asked) OR EXISTS (
               SELECT FROM challenge_participants s
               WHERE s.challenge_id = c.id AND s.user_id = (SELECT viewer FROM asked) AND s.completion_status <> 'withdrawn'
             )
           )
         )"
    };
}

/// What the viewer is to others: friends or blocked, and of one family, neither as a guest.
macro_rules! ties {
    () => {
        "ties AS (
           SELECT
             CASE WHEN f.first_user_id = asked.viewer THEN f.second_user_id ELSE f.first_user_id END AS user_id,
             f.status = 'none' AS blocks,
             f.status = 'accepted' AS is_friend,
             f.status = 'accepted' OR f.requested_by IS DISTINCT FROM asked.viewer AND f.status = 'requested' AS shows
           FROM asked JOIN friendships f ON f.first_user_id = asked.viewer OR f.second_user_id = asked.viewer
         ),
         fellows AS (
           SELECT DISTINCT theirs.user_id
           FROM asked
           JOIN family_memberships own ON own.user_id = asked.viewer AND own.role <> 'guest'
           JOIN family_memberships theirs ON theirs.family_plan_id = own.family_plan_id AND theirs.role <> 'guest'
         )"
    };
}

/// Those on the board behind a place of it: who reached the same score later, and then who has a lower one. Each is a range of the index.
macro_rules! behind {
    ($score:literal, $reached_at:literal, $user:literal) => {
        concat!(
            "(SELECT p.* FROM challenge_participants p
              WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
                AND p.final_score = ",
            $score,
            " AND (p.score_reached_at, p.user_id) > (",
            $reached_at,
            ", ",
            $user,
            ")
              ORDER BY p.score_reached_at, p.user_id LIMIT (SELECT count FROM asked))
             UNION ALL
             (SELECT p.* FROM challenge_participants p
              WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
                AND p.final_score < ",
            $score,
            "
              ORDER BY p.final_score DESC, p.score_reached_at, p.user_id LIMIT (SELECT count FROM asked))"
        )
    };
}

/// The page, told to the viewer: what it takes to rank it, once more in each row; and a row without anybody if nobody is on it. Who may be
/// named is what `profile::visibility::visible_to` says, of copies.
macro_rules! told {
    ($columns:literal, $joins:expr) => {
        concat!(
            ", first AS (SELECT max(final_score) AS score FROM page), board AS (",
            counted!("(SELECT score FROM first)"),
            ")
             SELECT
               (SELECT is_active FROM challenge), board.above, board.alike, board.participants,
               p.id, CASE WHEN s.shown THEN p.user_id END, CASE WHEN s.shown THEN p.display_name END,
               p.final_score, p.score_reached_at, p.completion_status",
            $columns,
            " FROM board ",
            $joins,
            " LEFT JOIN page p ON true
             LEFT JOIN ties t ON t.user_id = p.user_id
             LEFT JOIN fellows f ON f.user_id = p.user_id
             CROSS JOIN LATERAL (
               SELECT p.user_id = (SELECT viewer FROM asked) OR NOT coalesce(t.blocks, false) AND (
                 p.shown_to = 'everyone' OR p.shown_to = 'friends' AND (coalesce(t.shows, false) OR f.user_id IS NOT NULL)
               ) AS shown
             ) s
             ORDER BY p.final_score DESC, p.score_reached_at, p.user_id"
        )
    };
}

/// SQL types of [`Row`].
type Columns = (
    Nullable<Bool>,
    BigInt,
    BigInt,
    BigInt,
    Nullable<SqlUuid>,
    Nullable<SqlUuid>,
    Nullable<Text>,
    Nullable<Integer>,
    Nullable<Timestamptz>,
    Nullable<Text>,
);

/// SQL types of [`MyRow`].
type MyColumns = (
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Integer>,
    Nullable<Bool>,
    Nullable<Text>,
    Nullable<Timestamptz>,
    Nullable<SqlUuid>,
);

/// The viewer's own place, if they have one.
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
    /// Where they stand, and at which place.
    pub(super) fn mine(self) -> Option<(Standing, Place)> {
        let (score, reached_at, participant) = (self.score?, self.reached_at?, self.id?);
        let standing = Standing {
            rank: self.above? + 1,
            score,
            participants: self.participants?,
            on_board: self.on_board?,
            completion_status: self.completion_status?,
        };
        Some((standing, Place { score, reached_at, participant }))
    }
}

/// A row of a friend.
#[derive(Debug, Queryable)]
pub(super) struct FriendRow {
    pub(super) is_active: Option<bool>,
    id: Option<Uuid>,
    user: Option<Uuid>,
    display_name: Option<String>,
    score: Option<i32>,
    reached_at: Option<DateTime<Utc>>,
    completion_status: Option<CompletionStatus>,
    friend_rank: Option<i64>,
    rank: Option<i64>,
}

impl FriendRow {
    /// Their place, and their ranks.
    pub(super) fn friend(self) -> Option<Friend> {
        let shown = Some(Shown { user: self.user?, display_name: self.display_name });
        let (id, score, reached_at, completion_status) = (self.id?, self.score?, self.reached_at?, self.completion_status?);
        let entry = Entry { id, score, reached_at, completion_status, shown };
        Some(Friend { entry, friend_rank: self.friend_rank?, rank: self.rank? })
    }
}

/// A row of a page.
#[derive(Debug, Queryable)]
pub(super) struct Row {
    pub(super) is_active: Option<bool>,
    above: i64,
    alike: i64,
    participants: i64,
    id: Option<Uuid>,
    user: Option<Uuid>,
    display_name: Option<String>,
    score: Option<i32>,
    reached_at: Option<DateTime<Utc>>,
    completion_status: Option<CompletionStatus>,
}

/// Rows of a page together.
pub(super) fn stretch(rows: Vec<Row>) -> Stretch {
    let mut stretch = Stretch::default();
    for row in rows {
        (stretch.above, stretch.alike, stretch.participants) = (row.above, row.alike, row.participants);
        let shown = row.user.map(|user| Shown { user, display_name: row.display_name });
        if let (Some(id), Some(score), Some(reached_at), Some(completion_status)) =
            (row.id, row.score, row.reached_at, row.completion_status)
        {
            stretch.entries.push(Entry { id, score, reached_at, completion_status, shown });
        }
    }
    stretch
}

orchard_db::prepared! {
    /// A page behind a place, which is named by its participant: their user may be nobody whom the viewer may know.
    pub(super) struct Page {
        challenge: Uuid,
        viewer: Uuid,
        score: i32,
        reached_at: DateTime<Utc>,
        participant: Uuid,
        count: i64,
    } -> (
        Columns,
    ) = "WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", viewer as SqlUuid, "::uuid AS viewer, ",
        score as Integer, "::integer AS score, ", reached_at as Timestamptz, "::timestamptz AS reached_at, ",
        participant as SqlUuid, "::uuid AS participant, ", count as BigInt, concat!("::bigint AS count), ", known!(), ", ", ties!(), ",
        after AS (
          SELECT coalesce((SELECT user_id FROM challenge_participants WHERE id = (SELECT participant FROM asked)),
            '00000000-0000-0000-0000-000000000000') AS user_id
        ),
        page AS (SELECT * FROM (",
        behind!("(SELECT score FROM asked)", "(SELECT reached_at FROM asked)", "(SELECT user_id FROM after)"),
        ") p LIMIT (SELECT count FROM asked))", told!("", ""));
}

orchard_db::prepared! {
    /// Those around the viewer: `count` ahead, themselves if they are on the board, and `count` behind.
    pub(super) struct Around { challenge: Uuid, viewer: Uuid, count: i64 } -> (
        Columns, MyColumns,
    ) = "WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", viewer as SqlUuid, "::uuid AS viewer, ",
        count as BigInt, concat!("::bigint AS count), ", known!(), ", ", ties!(), ",
        me AS (
          SELECT * FROM challenge_participants
          WHERE challenge_id = (SELECT challenge_id FROM asked) AND user_id = (SELECT viewer FROM asked)
            AND completion_status <> 'withdrawn'
        ),
        ahead AS (SELECT * FROM (
          (SELECT p.* FROM challenge_participants p
           WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
             AND p.final_score = (SELECT final_score FROM me)
             AND (p.score_reached_at, p.user_id) < ((SELECT score_reached_at FROM me), (SELECT user_id FROM me))
           ORDER BY p.score_reached_at DESC, p.user_id DESC LIMIT (SELECT count FROM asked))
          UNION ALL
          (SELECT p.* FROM challenge_participants p
           WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
             AND p.final_score > (SELECT final_score FROM me)
           ORDER BY p.final_score, p.score_reached_at DESC, p.user_id DESC LIMIT (SELECT count FROM asked))
        ) p LIMIT (SELECT count FROM asked)),
        behind AS (SELECT * FROM (",
        behind!("(SELECT final_score FROM me)", "(SELECT score_reached_at FROM me)", "(SELECT user_id FROM me)"),
        ") p LIMIT (SELECT count FROM asked)),
        page AS (
          SELECT * FROM ahead UNION ALL SELECT * FROM me WHERE on_board AND (SELECT is_active FROM challenge) UNION ALL SELECT * FROM behind
        )", told!(", mine.above, mine.participants, me.final_score, me.on_board, me.completion_status, me.score_reached_at, me.id", concat!(
          " LEFT JOIN me ON true LEFT JOIN LATERAL (", counted!("me.final_score"), ") mine ON me.id IS NOT NULL"
        )));
}

orchard_db::prepared! {
    /// Where the viewer stands; whether the challenge is in use comes first, and is not there if they may not know of it.
    pub(super) struct Mine { challenge: Uuid, viewer: Uuid } -> (Nullable<Bool>, MyColumns) = "WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", viewer as SqlUuid,
        concat!("::uuid AS viewer), ", known!(), ",
        me AS (
          SELECT * FROM challenge_participants
          WHERE challenge_id = (SELECT challenge_id FROM asked) AND user_id = (SELECT viewer FROM asked)
            AND completion_status <> 'withdrawn'
        )
        SELECT (SELECT is_active FROM challenge), board.above, board.participants, me.final_score, me.on_board, me.completion_status,
          me.score_reached_at, me.id
        FROM (SELECT) one
        LEFT JOIN me ON true
        LEFT JOIN LATERAL (", counted!("me.final_score"), ") board ON me.id IS NOT NULL");
}

orchard_db::prepared! {
    /// Friends on the board, behind a place among them: as a page, and the rank that each has among them and on the board.
    pub(super) struct Friends {
        challenge: Uuid,
        viewer: Uuid,
        score: i32,
        reached_at: DateTime<Utc>,
        participant: Uuid,
        count: i64,
    } -> (
        Nullable<Bool>, Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<Text>, Nullable<Integer>, Nullable<Timestamptz>, Nullable<Text>,
        Nullable<BigInt>, Nullable<BigInt>,
    ) = "WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", viewer as SqlUuid, "::uuid AS viewer, ",
        score as Integer, "::integer AS score, ", reached_at as Timestamptz, "::timestamptz AS reached_at, ",
        participant as SqlUuid, "::uuid AS participant, ", count as BigInt, concat!("::bigint AS count), ", known!(), ", ", ties!(), ",
        circle AS (
          SELECT viewer AS user_id FROM asked
          UNION SELECT user_id FROM ties WHERE is_friend
          UNION SELECT user_id FROM fellows WHERE user_id NOT IN (SELECT user_id FROM ties WHERE blocks)
        ),
        friends AS (
          SELECT p.*, rank() OVER (ORDER BY p.final_score DESC) AS friend_rank
          FROM circle JOIN challenge_participants p ON p.challenge_id = (SELECT challenge_id FROM asked) AND p.user_id = circle.user_id
          WHERE p.on_board AND (SELECT is_active FROM challenge)
        ),
        page AS (
          SELECT p.* FROM friends p, asked
          WHERE p.final_score < asked.score OR p.final_score = asked.score AND (p.score_reached_at, p.user_id) > (
            asked.reached_at,
            coalesce((SELECT user_id FROM challenge_participants WHERE id = asked.participant), '00000000-0000-0000-0000-000000000000')
          )
          ORDER BY p.final_score DESC, p.score_reached_at, p.user_id LIMIT (SELECT count FROM asked)
        ),
        ranked AS (
          SELECT scores.score, board.above + 1 AS rank
          FROM (SELECT DISTINCT final_score AS score FROM page) scores
          CROSS JOIN LATERAL (", counted!("scores.score"), ") board
        )
        SELECT (SELECT is_active FROM challenge), p.id, p.user_id, p.display_name, p.final_score, p.score_reached_at, p.completion_status,
          p.friend_rank, ranked.rank
        FROM (SELECT) one
        LEFT JOIN page p ON true
        LEFT JOIN ranked ON ranked.score = p.final_score
        ORDER BY p.final_score DESC, p.score_reached_at, p.user_id");
}
