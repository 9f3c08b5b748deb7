//! Invariants of the stored scores.

use chrono::NaiveDate;
use orchard_proto::social::v1 as pb;
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, date};

/// Counts days whose cumulative score is not the sum of the days until then.
const DAYS: &str = "SELECT count(*) FROM (
    SELECT cumulative_score <> sum(daily_score) OVER (PARTITION BY challenge_participant_id ORDER BY progress_date) AS is_wrong
    FROM challenge_progress
  ) days WHERE is_wrong";

/// Counts seats whose score is not the sum of their days.
const SEATS: &str = "SELECT count(*) FROM challenge_participants cp WHERE final_score <>
    (SELECT coalesce(sum(daily_score), 0) FROM challenge_progress WHERE challenge_participant_id = cp.id AND challenge_id = cp.challenge_id)";

/// Counts scores for which the counts and changes of leaderboards differ from a recount.
const SCORES: &str = "SELECT count(*) FROM (
    SELECT FROM (
      SELECT challenge_id, bucket AS score, participants::bigint AS number FROM leaderboard_counts WHERE level = 0
      UNION ALL SELECT challenge_id, old_score, -1 FROM leaderboard_changes WHERE old_score IS NOT NULL
      UNION ALL SELECT challenge_id, new_score, 1 FROM leaderboard_changes WHERE new_score IS NOT NULL
      UNION ALL SELECT challenge_id, final_score, -1 FROM challenge_participants WHERE on_board
    ) all_of_them GROUP BY challenge_id, score HAVING sum(number) <> 0
  ) wrong";

impl World {
    /// Returns the number of inconsistent days, seats and leaderboard scores.
    pub async fn inconsistent(&self) -> anyhow::Result<[i64; 3]> {
        let query = format!("SELECT ARRAY[({DAYS}), ({SEATS}), ({SCORES})]");
        let counts: Vec<i64> = self.slice.schema.connect().await?.query_one(&query, &[]).await?.get(0);
        counts.try_into().map_err(|counts| anyhow::anyhow!("{counts:?} are not three"))
    }

    /// Returns all rows that progress writes, as text.
    pub async fn rows(&self) -> anyhow::Result<Vec<String>> {
        let client = self.slice.schema.connect().await?;
        let mut rows = Vec::new();
        // Changes are folded into counts meanwhile, so only their sum is stable.
        let board = "(SELECT challenge_id, score, sum(number) FROM (
              SELECT challenge_id, bucket, participants FROM leaderboard_counts WHERE level = 0
              UNION ALL SELECT challenge_id, old_score, -1 FROM leaderboard_changes WHERE old_score IS NOT NULL
              UNION ALL SELECT challenge_id, new_score, 1 FROM leaderboard_changes WHERE new_score IS NOT NULL
            ) one (challenge_id, score, number) GROUP BY 1, 2 HAVING sum(number) <> 0)";
        for table in ["challenge_participants", "challenge_progress", board] {
            let query = format!("SELECT '{table} ' || t::text FROM {table} AS t ORDER BY 1");
            rows.extend(client.query(&query, &[]).await?.iter().map(|row| row.get::<_, String>(0)));
        }
        Ok(rows)
    }

    pub async fn delete(&self, user: Uuid, challenge: &str, day: NaiveDate) -> Result<pb::Participant, Status> {
        let request = pb::DeleteProgressRequest { challenge_id: challenge.to_owned(), progress_date: date(day) };
        let answer = self.progress(user).delete_progress(request).await?.into_inner();
        Ok(answer.participant.expect("a participant"))
    }

    /// Lists all days of a seat, in pages of 3.
    pub async fn days(&self, user: Uuid, challenge: &str) -> Result<Vec<pb::ProgressDay>, Status> {
        let (mut days, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListProgressRequest { challenge_id: challenge.to_owned(), page_size: 3, page_token };
            let page = self.progress(user).list_progress(request).await?.into_inner();
            assert!(page.days.len() == 3 || page.next_page_token.is_empty(), "only the last page is shorter");
            days.extend(page.days);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(days);
            }
        }
    }

    /// Records several days in one call.
    pub async fn batch(
        &self,
        user: Uuid,
        records: Vec<pb::RecordProgressRequest>,
    ) -> Result<pb::BatchRecordProgressResponse, Status> {
        let records = records.into_iter().map(of_batch).collect();
        Ok(self.progress(user).batch_record_progress(pb::BatchRecordProgressRequest { records }).await?.into_inner())
    }
}

/// Converts a single record to one of a batch.
fn of_batch(request: pb::RecordProgressRequest) -> pb::ProgressRecord {
    let pb::RecordProgressRequest { challenge_id, progress_date, progress_data, notes, auto_generated } = request;
    pb::ProgressRecord { challenge_id, progress_date, progress_data, notes, auto_generated }
}
