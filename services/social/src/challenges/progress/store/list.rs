//! Queries of the list of days.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Day, NewDay, ProgressData};
use crate::schema::{challenge_participants, challenge_progress};

/// A user's seat, also one that they have left.
pub(super) async fn seat(mut connection: &AsyncPgConnection, challenge: Uuid, user: Uuid) -> QueryResult<Option<Uuid>> {
    challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::user_id.eq(user))
        .select(challenge_participants::id)
        .first(&mut connection)
        .await
        .optional()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = challenge_progress)]
struct DayRow {
    progress_date: NaiveDate,
    progress_data: Value,
    daily_score: i32,
    cumulative_score: i32,
    notes: Option<String>,
    auto_generated: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<DayRow> for Day {
    type Error = diesel::result::Error;

    fn try_from(row: DayRow) -> QueryResult<Self> {
        let data: ProgressData = serde_json::from_value(row.progress_data)
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        Ok(Self {
            date: row.progress_date,
            content: NewDay { data, notes: row.notes, auto_generated: row.auto_generated },
            daily_score: row.daily_score,
            cumulative_score: row.cumulative_score,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Days of a seat before `before`, the last first.
pub(super) async fn days(
    mut connection: &AsyncPgConnection,
    participant: Uuid,
    before: Option<NaiveDate>,
    count: i64,
) -> QueryResult<Vec<Day>> {
    let rows: Vec<DayRow> = challenge_progress::table
        .filter(challenge_progress::challenge_participant_id.eq(participant))
        .filter(challenge_progress::progress_date.lt(before.unwrap_or(NaiveDate::MAX)))
        .order(challenge_progress::progress_date.desc())
        .limit(count)
        .select(DayRow::as_select())
        .load(&mut connection)
        .await?;
    rows.into_iter().map(Day::try_from).collect()
}
