//! The database's clock.

use chrono::{DateTime, Utc};
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
