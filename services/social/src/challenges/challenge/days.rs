//! Days of challenges, and when they can be recorded.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

/// For how many days after it a day can still be recorded.
pub const LATE_DAYS: i64 = 2;
/// How far the easternmost time zone is ahead of UTC.
const EASTERNMOST: TimeDelta = TimeDelta::hours(14);

/// Returns the last of `duration_days` days from `first` on.
pub fn last_day(first: NaiveDate, duration_days: i32) -> NaiveDate {
    let more = u64::try_from(duration_days - 1).unwrap_or_default();
    first.checked_add_days(Days::new(more)).unwrap_or(NaiveDate::MAX)
}

/// Returns the first of `duration_days` days until `last`.
pub fn first_day(last: NaiveDate, duration_days: i32) -> NaiveDate {
    last - TimeDelta::days(i64::from(duration_days) - 1)
}

/// Returns the date in the easternmost time zone.
pub fn easternmost(now: DateTime<Utc>) -> NaiveDate {
    (now + EASTERNMOST).date_naive()
}

/// Returns whether `day` has begun in any time zone.
pub fn has_begun(day: NaiveDate, now: DateTime<Utc>) -> bool {
    easternmost(now) >= day
}

/// Returns the moment from which on `day` can no longer be recorded in any time zone: in UTC-12, the westernmost, the day and
/// the late days after it are over.
pub fn due(day: NaiveDate) -> DateTime<Utc> {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    let late = u64::try_from(LATE_DAYS).unwrap_or_default();
    day.checked_add_days(Days::new(1 + late)).unwrap_or(NaiveDate::MAX).and_time(noon).and_utc()
}

/// Returns the day of which `moment` is [`due`].
pub fn of_due(moment: DateTime<Utc>) -> NaiveDate {
    moment.date_naive() - TimeDelta::days(1 + LATE_DAYS)
}

/// Checks that a challenge may be set on `today` to start on `first`. Participants must not have missed more than a day.
pub fn check_start(first: NaiveDate, today: NaiveDate) -> Result<(), String> {
    let (earliest, latest) = (today - TimeDelta::days(1), today.checked_add_months(Months::new(24)).unwrap_or(NaiveDate::MAX));
    if (earliest..=latest).contains(&first) { Ok(()) } else { Err(format!("must be {earliest} to {latest}, not {first}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn last_days_count_the_first_and_the_leap_day() {
        assert_eq!(last_day(date("2028-02-28"), 3), date("2028-03-01"));
        assert_eq!(last_day(date("2026-07-01"), 1), date("2026-07-01"));
        assert_eq!(first_day(date("2028-03-01"), 3), date("2028-02-28"));
    }

    #[test]
    fn a_day_is_due_when_the_westernmost_zone_can_no_longer_record_it() {
        assert_eq!(due(date("2026-07-07")).to_rfc3339(), "2026-07-10T12:00:00+00:00");
        assert_eq!(due(date("2028-02-27")).to_rfc3339(), "2028-03-01T12:00:00+00:00", "after a leap day");
        assert_eq!(of_due(due(date("2028-02-27"))), date("2028-02-27"));
        // Until then it is the second day after it in UTC-12, on which it can be recorded; from then on it is the third.
        let west = chrono::FixedOffset::west_opt(12 * 3_600).expect("a zone");
        let local = |moment: DateTime<Utc>| moment.with_timezone(&west).date_naive();
        let last = date("2026-07-07");
        assert_eq!(local(due(last)) - last, TimeDelta::days(3));
        assert_eq!(local(due(last) - TimeDelta::seconds(1)) - last, TimeDelta::days(LATE_DAYS));
    }

    #[test]
    fn a_challenge_starts_between_yesterday_and_two_years_ahead() {
        for (first, is_allowed) in
            [("2026-07-08", true), ("2026-07-07", true), ("2026-07-06", false), ("2028-07-08", true), ("2028-07-09", false)]
        {
            assert_eq!(check_start(date(first), date("2026-07-08")).is_ok(), is_allowed, "{first}");
        }
    }
}
