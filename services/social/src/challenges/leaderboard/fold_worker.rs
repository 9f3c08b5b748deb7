//! Folding: what has changed is added to the counts, in batches, as long as the process lives.

use std::convert::Infallible;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, SmallInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use orchard_db::Db;
use uuid::Uuid;

use crate::error::Error;
use crate::schema::leaderboard_counts;

/// Changes that are added at once.
const BATCH: i64 = 2_000;
/// How long to wait after there was something, and at most after there was nothing.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// After how many the table is cleaned. Whoever reads it walks past all that was deleted since.
const CLEANED: i64 = 20_000;

/// Any number of replicas may fold at once: each takes what no other has.
#[derive(Debug)]
pub struct Folder {
    db: Db,
}

orchard_db::prepared! {
    /// Takes changes and adds them: how many they were, and what there is none of any more. In one order, so that two never wait for each other.
    struct Fold { count: i64 } -> (BigInt, diesel::sql_types::Nullable<SqlUuid>, diesel::sql_types::Nullable<SmallInt>, diesel::sql_types::Nullable<Integer>) = "
        WITH taken AS (
          DELETE FROM leaderboard_changes WHERE (challenge_id, id) IN (
            SELECT challenge_id, id FROM leaderboard_changes ORDER BY challenge_id, id LIMIT ", count as BigInt, " FOR UPDATE SKIP LOCKED
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

impl Folder {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Folds for ever.
    pub(crate) async fn run(self) -> Infallible {
        let (mut wait, mut folded) = (WAIT.0, 0);
        loop {
            tokio::time::sleep(wait).await;
            match self.fold().await {
                Ok(0) => wait = (wait * 2).min(WAIT.1),
                Ok(number) => {
                    wait = if number == BATCH { Duration::ZERO } else { WAIT.0 };
                    folded += number;
                }
                Err(cause) => {
                    tracing::warn!(%cause, "changes of leaderboards are not folded");
                    wait = WAIT.1;
                }
            }
            if folded >= CLEANED {
                folded = 0;
                self.clean().await;
            }
        }
    }

    async fn fold(&self) -> Result<i64, Error> {
        self.db.write("fold leaderboards", async move |connection| Ok::<_, Error>(fold(connection).await?)).await
    }

    /// What was deleted is gone, unless another does the same. It cannot be part of a transaction.
    async fn clean(&self) {
        let cleaned = async {
            let mut connection = self.db.connection().await?;
            connection.batch_execute("VACUUM (SKIP_LOCKED, TRUNCATE false) leaderboard_changes").await?;
            Ok::<_, Error>(())
        };
        if let Err(cause) = cleaned.await {
            tracing::warn!(%cause, "changes of leaderboards are not cleaned");
        }
    }
}

async fn fold(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
    type Row = (i64, Option<Uuid>, Option<i16>, Option<i32>);
    let rows: Vec<Row> = Fold { count: BATCH }.load(connection).await?;
    let number = rows.iter().map(|(number, ..)| *number).next().unwrap_or_default();
    for (_, challenge, level, bucket) in rows {
        if let (Some(challenge), Some(level), Some(bucket)) = (challenge, level, bucket) {
            let none = leaderboard_counts::table.find((challenge, level, bucket)).filter(leaderboard_counts::participants.eq(0));
            diesel::delete(none).execute(connection).await?;
        }
    }
    Ok(number)
}
