//! Queries of lists of days.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::challenges::progress::{DayContent, ProgressData, ProgressDay};
use crate::schema::challenge_progress;

#[derive(Queryable, Selectable)]
#[diesel(table_name = challenge_progress)]
struct DayRow {
    progress_date: NaiveDate,
    progress_data: ProgressData,
    daily_score: i32,
    cumulative_score: i32,
    notes: Option<String>,
    auto_generated: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<DayRow> for ProgressDay {
    fn from(row: DayRow) -> Self {
        Self {
            date: row.progress_date,
            content: DayContent { data: row.progress_data, notes: row.notes, auto_generated: row.auto_generated },
            daily_score: row.daily_score,
            cumulative_score: row.cumulative_score,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Returns days of a seat before `before`, latest first.
pub(in crate::challenges::progress) async fn days(
    mut connection: &AsyncPgConnection,
    participant: Uuid,
    before: Option<NaiveDate>,
    count: i64,
) -> QueryResult<Vec<ProgressDay>> {
    let rows: Vec<DayRow> = challenge_progress::table
        .filter(challenge_progress::challenge_participant_id.eq(participant))
        .filter(challenge_progress::progress_date.lt(before.unwrap_or(NaiveDate::MAX)))
        .order(challenge_progress::progress_date.desc())
        .limit(count)
        .select(DayRow::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(ProgressDay::from).collect())
}
