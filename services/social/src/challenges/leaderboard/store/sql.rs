//! Parts of statements about leaderboards. Each statement sees one moment, reads by index, and costs about the same for any
//! number of participants.
//!
//! All parts read the CTE `asked`, which has the `challenge_id`, and where they need it the `viewer` and the `count` of
//! entries.

/// Selects the number of participants with a higher score than `$score`, with the same score, and in all.
///
/// The number with a higher score is a sum over `leaderboard_counts`: on each level, the buckets that are above the bucket of
/// the score and within the same bucket of the next level. Changes that are not folded into the counts yet are added.
macro_rules! counts {
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

/// The CTE `challenge`: whether the challenge is active, if the viewer may know of it. The same condition as `known_to` of
/// challenges.
macro_rules! challenge {
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

/// The CTEs `ties` and `fellows`: the viewer's friendships, and the members of the viewer's families.
macro_rules! ties {
    () => {
        concat!(
            "ties AS (
               SELECT
                 CASE WHEN f.first_user_id = asked.viewer THEN f.second_user_id ELSE f.first_user_id END AS user_id,
                 ",
            $crate::visibility::blocked!("f"),
            " AS is_blocked, f.status = 'accepted' AS is_friend, ",
            $crate::visibility::contact!("f", "asked.viewer"),
            " AS is_contact
               FROM asked JOIN friendships f ON f.first_user_id = asked.viewer OR f.second_user_id = asked.viewer
             ),
             fellows AS (SELECT DISTINCT theirs.user_id FROM asked, ",
            $crate::visibility::relatives!(),
            " WHERE own.user_id = asked.viewer)"
        )
    };
}

/// The CTE `me`: the viewer's own seat.
macro_rules! me {
    () => {
        "me AS (
           SELECT * FROM challenge_participants
           WHERE challenge_id = (SELECT challenge_id FROM asked) AND user_id = (SELECT viewer FROM asked)
             AND completion_status <> 'withdrawn'
         )"
    };
}

/// Selects seats on the leaderboard behind a position: those who reached the same score later, then those with a lower score.
/// Each of the two is a range of the index.
macro_rules! behind {
    ($score:literal, $reached_at:literal, $seat:literal) => {
        concat!(
            "SELECT * FROM (
               (SELECT p.* FROM challenge_participants p
                WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
                  AND p.final_score = ",
            $score,
            " AND (p.score_reached_at, p.id) > (",
            $reached_at,
            ", ",
            $seat,
            ")
                ORDER BY p.score_reached_at, p.id LIMIT (SELECT count FROM asked))
               UNION ALL
               (SELECT p.* FROM challenge_participants p
                WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
                  AND p.final_score < ",
            $score,
            "
                ORDER BY p.final_score DESC, p.score_reached_at, p.id LIMIT (SELECT count FROM asked))
             ) p LIMIT (SELECT count FROM asked)"
        )
    };
}

/// Selects the entries of the CTE `page` as the viewer sees them, each with the counts that the ranks need, and `$columns` of
/// `$joins`. Without entries, selects one row without an entry.
macro_rules! page {
    ($columns:literal, $joins:expr) => {
        concat!(
            ", first AS (SELECT max(final_score) AS score FROM page), board AS (",
            counts!("(SELECT score FROM first)"),
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
             CROSS JOIN LATERAL (SELECT ",
            $crate::visibility::visible!(
                "p.user_id = (SELECT viewer FROM asked)",
                "coalesce(t.is_blocked, false)",
                "p.shown_to",
                "(coalesce(t.is_contact, false) OR f.user_id IS NOT NULL)"
            ),
            " AS shown) s
             ORDER BY p.final_score DESC, p.score_reached_at, p.id"
        )
    };
}

/// Defines a statement about the entries behind a [`Cursor`](crate::challenges::leaderboard::Cursor): `$rest` follows the CTEs
/// `asked`, `challenge`, `ties` and `fellows`.
macro_rules! behind_cursor {
    ($(#[$meta:meta])* struct $name:ident -> ($($answer:ty),+) = $rest:expr;) => {
        orchard_db::prepared! {
            $(#[$meta])*
            struct $name {
                challenge: Uuid, viewer: Uuid, score: i32, reached_at: DateTime<Utc>, participant: Uuid, count: i64
            } -> ($($answer),+) = "
                WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", viewer as SqlUuid, "::uuid AS viewer, ",
                  score as Integer, "::integer AS score, ", reached_at as Timestamptz, "::timestamptz AS reached_at, ",
                  participant as SqlUuid, "::uuid AS participant, ", count as BigInt, concat!("::bigint AS count),
                ", challenge!(), ", ", ties!(), ", ", $rest);
        }

        impl $name {
            fn new(challenge: Uuid, viewer: Uuid, cursor: Cursor, count: i64) -> Self {
                let Cursor { score, reached_at, participant } = cursor;
                Self { challenge, viewer, score, reached_at, participant, count }
            }
        }
    };
}

pub(super) use {behind, behind_cursor, challenge, counts, me, page, ties};
