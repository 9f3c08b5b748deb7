//! The database's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::data_types::PgInterval;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Returns the database's time at which the current transaction began, or the current time outside of a transaction.
///
/// All replicas read this clock, so they agree on what has expired; their own clocks may differ.
pub async fn moment(mut connection: &AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(now.into_sql::<Timestamptz>()).get_result(&mut connection).await
}

/// Returns a duration as PostgreSQL has it, to be added to its times.
pub fn interval(duration: Duration) -> PgInterval {
    PgInterval::from_microseconds(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
