//! The time and date of a user.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_rpc::Zone;
use orchard_server::Clock;
use uuid::Uuid;

use crate::schema::users;

/// A moment in a user's time zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTime {
    pub(crate) zone: Zone,
    pub(crate) now: DateTime<Utc>,
}

impl LocalTime {
    /// Returns the user's date.
    pub(crate) fn today(&self) -> NaiveDate {
        self.zone.date_at(self.now)
    }
}

/// Returns the time of a user: that of the database when the transaction began, as `clock` moves it. Users who are not known are in UTC.
pub(crate) async fn local_time(mut connection: &AsyncPgConnection, clock: &Clock, user: Uuid) -> QueryResult<LocalTime> {
    let zone_of_user = users::table.find(user).select(users::time_zone).single_value();
    let (name, moment): (Option<String>, DateTime<Utc>) =
        diesel::select((zone_of_user, now.into_sql::<Timestamptz>())).get_result(&mut connection).await?;
    Ok(LocalTime { zone: Zone::stored(&name.unwrap_or_default()), now: clock.at(moment) })
}
