//! Folding changes into the counts.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::leaderboard_counts;

orchard_db::prepared! {
    /// Deletes changes, adds them to the counts, and returns how many they were and which counts became 0. Rows are taken in
    /// one order, so that two replicas never wait for each other.
    struct Fold { count: i64 } -> (BigInt, Nullable<SqlUuid>, Nullable<SmallInt>, Nullable<Integer>) = "
        WITH taken AS (
          DELETE FROM leaderboard_changes WHERE (challenge_id, id) IN (
            SELECT challenge_id, id FROM leaderboard_changes
            ORDER BY challenge_id, id LIMIT ", count as BigInt, " FOR UPDATE SKIP LOCKED
          )
          RETURNING challenge_id, old_score, new_score
        ),
        moves AS (
          SELECT challenge_id, old_score AS score, -1 AS more FROM taken WHERE old_score IS NOT NULL
          UNION ALL
          SELECT challenge_id, new_score, 1 FROM taken WHERE new_score IS NOT NULL
        ),
        added AS (
          INSERT INTO leaderboard_counts AS c (challenge_id, level, bucket, participants)
          SELECT challenge_id, level, score >> (6 * level), sum(more)
          FROM moves CROSS JOIN generate_series(0, 4) level
          GROUP BY 1, 2, 3 HAVING sum(more) <> 0 ORDER BY 1, 2, 3
          ON CONFLICT (challenge_id, level, bucket) DO UPDATE SET participants = c.participants + EXCLUDED.participants
          RETURNING challenge_id, level, bucket, participants
        )
        SELECT taken.number, none.challenge_id, none.level, none.bucket
        FROM (SELECT count(*) AS number FROM taken) taken
        LEFT JOIN (SELECT * FROM added WHERE participants = 0) none ON true";
}

/// Folds at most `count` changes into the counts, and returns how many.
pub(in crate::challenges::leaderboard) async fn fold(connection: &mut AsyncPgConnection, count: usize) -> QueryResult<usize> {
    type Row = (i64, Option<Uuid>, Option<i16>, Option<i32>);
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows: Vec<Row> = Fold { count }.load(connection).await?;
    let number = rows.iter().map(|(number, ..)| *number).next().unwrap_or_default();
    for (_, challenge, level, bucket) in rows {
        if let (Some(challenge), Some(level), Some(bucket)) = (challenge, level, bucket) {
            delete_empty(connection, challenge, level, bucket).await?;
        }
    }
    Ok(usize::try_from(number).unwrap_or_default())
}

/// Deletes a count that is 0.
pub(super) async fn delete_empty(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    level: i16,
    bucket: i32,
) -> QueryResult<()> {
    let empty = leaderboard_counts::table.find((challenge, level, bucket)).filter(leaderboard_counts::participants.eq(0));
    diesel::delete(empty).execute(connection).await.map(|_| ())
}
