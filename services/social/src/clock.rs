//! The time and date of a user.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_server::Clock;
use uuid::Uuid;

use crate::schema::users;

/// A moment in a user's time zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTime {
    pub(crate) zone: Tz,
    pub(crate) now: DateTime<Utc>,
}

impl LocalTime {
    /// Returns the user's date.
    pub(crate) fn today(&self) -> NaiveDate {
        date_in(self.zone, self.now)
    }
}

/// Returns the date in a time zone.
pub fn date_in(zone: Tz, moment: DateTime<Utc>) -> NaiveDate {
    moment.with_timezone(&zone).date_naive()
}

/// Returns the time zone of this name, or UTC if this release does not know it, though the one that stored it did.
pub(crate) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or_default()
}

/// Returns the time of a user: that of the database when the transaction began, as `clock` moves it. Users who are not known are in UTC.
pub(crate) async fn local_time(mut connection: &AsyncPgConnection, clock: &Clock, user: Uuid) -> QueryResult<LocalTime> {
    let zone_of_user = users::table.find(user).select(users::time_zone).single_value();
    let (name, moment): (Option<String>, DateTime<Utc>) =
        diesel::select((zone_of_user, now.into_sql::<Timestamptz>())).get_result(&mut connection).await?;
    Ok(LocalTime { zone: zone(&name.unwrap_or_default()), now: clock.at(moment) })
}
