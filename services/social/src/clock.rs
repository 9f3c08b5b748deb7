//! Local times of users.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_server::Clock;
use uuid::Uuid;

use crate::schema::users;

/// The time at which a transaction began, and the time zone of a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTime {
    pub(crate) zone: Tz,
    pub(crate) now: DateTime<Utc>,
}

impl LocalTime {
    /// Returns the user's local date.
    pub(crate) fn today(&self) -> NaiveDate {
        date_in(self.zone, self.now)
    }
}

/// Returns the date in a time zone at a moment.
pub fn date_in(zone: Tz, moment: DateTime<Utc>) -> NaiveDate {
    moment.with_timezone(&zone).date_naive()
}

/// Returns the time zone of a name. A name that only a newer release knows counts as UTC.
pub(crate) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or_default()
}

/// Returns the local time of a user; in UTC for a user who is not known.
pub(crate) async fn local_time(mut connection: &AsyncPgConnection, clock: &Clock, user: Uuid) -> QueryResult<LocalTime> {
    let zone_of = users::table.find(user).select(users::time_zone).single_value();
    let (name, moment): (Option<String>, DateTime<Utc>) =
        diesel::select((zone_of, now.into_sql::<Timestamptz>())).get_result(&mut connection).await?;
    Ok(LocalTime { zone: zone(&name.unwrap_or_default()), now: clock.at(moment) })
}
