//! Days and weeks in the time zone of a plan.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};

use super::Plan;
use crate::nutrition::week_ending;

impl Plan {
    /// Returns the start and the end of today in the plan's time zone.
    pub fn day(&self, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let today = now.with_timezone(&self.time_zone).date_naive();
        (self.start_of(today), self.start_of(today + TimeDelta::days(1)))
    }

    /// Returns the first instant of a date.
    ///
    /// Where clocks go forward at midnight, 00:00 does not exist, and a zone that crossed the date line skipped a whole day (Apia, 2011).
    fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        let quarters = (0..=96).map(|quarter| date.and_time(NaiveTime::MIN) + TimeDelta::minutes(15 * quarter));
        let mut instants = quarters.filter_map(|time| self.time_zone.from_local_datetime(&time).earliest());
        instants.next().map_or_else(|| date.and_time(NaiveTime::MIN).and_utc(), |instant| instant.to_utc())
    }

    /// Returns the first and the last of the 7 dates that end today in the plan's time zone.
    pub fn week(&self, now: DateTime<Utc>) -> (NaiveDate, NaiveDate) {
        week_ending(now.with_timezone(&self.time_zone).date_naive())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("time")
    }

    #[test]
    fn the_week_ends_today_in_the_time_zone_of_the_plan() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("date");
        let plan = Plan { time_zone: Tz::America__New_York, ..Plan::example() };
        // In summer, New York is 4 hours behind UTC.
        assert_eq!(plan.week(at("2026-07-08T03:59:59Z")), (date("2026-07-01"), date("2026-07-07")));
        assert_eq!(plan.week(at("2026-07-08T04:00:00Z")), (date("2026-07-02"), date("2026-07-08")));
    }

    #[test]
    fn a_day_starts_and_ends_right_when_clocks_change() {
        let day = |time_zone, now| Plan { time_zone, ..Plan::example() }.day(at(now));
        let berlin = Tz::Europe__Berlin;
        assert_eq!(day(berlin, "2026-03-29T12:00:00Z"), (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")), "23 hours");
        assert_eq!(day(berlin, "2026-10-25T12:00:00Z"), (at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")), "25 hours");
        // In Havana, 00:00 to 00:59 is skipped in March and occurs twice in November.
        let havana = Tz::America__Havana;
        assert_eq!(day(havana, "2026-03-08T12:00:00Z"), (at("2026-03-08T05:00:00Z"), at("2026-03-09T04:00:00Z")));
        assert_eq!(day(havana, "2026-11-01T12:00:00Z"), (at("2026-11-01T04:00:00Z"), at("2026-11-02T05:00:00Z")));
        // Apia skipped 2011-12-30: the day before ends where the day after starts.
        let apia = Tz::Pacific__Apia;
        assert_eq!(day(apia, "2011-12-30T09:59:59Z").1, at("2011-12-30T10:00:00Z"));
        assert_eq!(day(apia, "2011-12-30T10:00:00Z").0, at("2011-12-30T10:00:00Z"));
    }
}
