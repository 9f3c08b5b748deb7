//! Days and weeks in the time zone of a plan.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Plan;
use crate::nutrition::week_ending;

impl Plan {
    /// Returns the start and the end of today in the plan's time zone.
    pub fn day(&self, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let today = self.time_zone.date_at(now);
        (self.time_zone.start_of(today), self.time_zone.start_of(today + TimeDelta::days(1)))
    }

    /// Returns the first and the last of the 7 dates that end today in the plan's time zone.
    pub fn week(&self, now: DateTime<Utc>) -> (NaiveDate, NaiveDate) {
        week_ending(self.time_zone.date_at(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_rpc::Zone;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("time")
    }

    #[test]
    fn the_week_ends_today_in_the_time_zone_of_the_plan() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("date");
        let plan = Plan { time_zone: Zone::stored("America/New_York"), ..Plan::example() };
        // In summer, New York is 4 hours behind UTC.
        assert_eq!(plan.week(at("2026-07-08T03:59:59Z")), (date("2026-07-01"), date("2026-07-07")));
        assert_eq!(plan.week(at("2026-07-08T04:00:00Z")), (date("2026-07-02"), date("2026-07-08")));
    }

    #[test]
    fn a_day_starts_and_ends_right_when_clocks_change() {
        let day = |zone, now| Plan { time_zone: Zone::stored(zone), ..Plan::example() }.day(at(now));
        let berlin = "Europe/Berlin";
        assert_eq!(day(berlin, "2026-03-29T12:00:00Z"), (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")), "23 hours");
        assert_eq!(day(berlin, "2026-10-25T12:00:00Z"), (at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")), "25 hours");
        // In Havana, 00:00 to 00:59 was skipped in March, and came twice in November until 2026.
        let havana = "America/Havana";
        assert_eq!(day(havana, "2026-03-08T12:00:00Z"), (at("2026-03-08T05:00:00Z"), at("2026-03-09T04:00:00Z")));
        assert_eq!(day(havana, "2025-11-02T12:00:00Z"), (at("2025-11-02T04:00:00Z"), at("2025-11-03T05:00:00Z")));
        // Apia skipped 2011-12-30: the day before ends where the day after starts.
        let apia = "Pacific/Apia";
        assert_eq!(day(apia, "2011-12-30T09:59:59Z").1, at("2011-12-30T10:00:00Z"));
        assert_eq!(day(apia, "2011-12-30T10:00:00Z").0, at("2011-12-30T10:00:00Z"));
    }
}
