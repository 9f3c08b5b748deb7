//! Counting leaderboards again.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, SmallInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::fold::delete_empty;

orchard_db::prepared! {
    /// Adds to the counts what they and the changes together lack of a recount. It sees one moment, and only adds, so what is folded and
    /// recorded meanwhile stays right.
    struct Recount { challenges: Vec<Uuid> } -> (SqlUuid, SmallInt, Integer, Integer) = "
        WITH scores AS (
          SELECT challenge_id, final_score AS score, 1 AS more FROM challenge_participants
          WHERE on_board AND challenge_id = ANY(", challenges as Array<SqlUuid>, ")
          UNION ALL
          SELECT challenge_id, new_score, -1 FROM leaderboard_changes
          WHERE new_score IS NOT NULL AND challenge_id = ANY(", challenges as Array<SqlUuid>, ")
          UNION ALL
          SELECT challenge_id, old_score, 1 FROM leaderboard_changes
          WHERE old_score IS NOT NULL AND challenge_id = ANY(", challenges as Array<SqlUuid>, ")
        ),
        lacking AS (
          SELECT challenge_id, level, score >> (6 * level) AS bucket, more
          FROM scores CROSS JOIN generate_series(0, 4) level
          UNION ALL
          SELECT challenge_id, level, bucket, -participants FROM leaderboard_counts
          WHERE challenge_id = ANY(", challenges as Array<SqlUuid>, ")
        )
        INSERT INTO leaderboard_counts AS c (challenge_id, level, bucket, participants)
        SELECT challenge_id, level, bucket, sum(more) FROM lacking
        GROUP BY 1, 2, 3 HAVING sum(more) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (challenge_id, level, bucket) DO UPDATE SET participants = c.participants + EXCLUDED.participants
        RETURNING challenge_id, level, bucket, participants";
}

/// Mends the counts of these challenges, and returns the challenges whose counts were wrong.
pub(crate) async fn recount(connection: &mut AsyncPgConnection, challenges: Vec<Uuid>) -> QueryResult<BTreeSet<Uuid>> {
    let mended: Vec<(Uuid, i16, i32, i32)> = Recount { challenges }.load(connection).await?;
    for (challenge, level, bucket, participants) in &mended {
        if *participants == 0 {
            delete_empty(connection, *challenge, *level, *bucket).await?;
        }
    }
    Ok(mended.into_iter().map(|(challenge, ..)| challenge).collect())
}
