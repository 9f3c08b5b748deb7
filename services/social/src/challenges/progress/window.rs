//! Which days are open.

use chrono::{NaiveDate, TimeDelta};

use super::ProgressError;
use crate::challenges::challenge::last_day;

/// How many days late a day can still be recorded.
pub(crate) const LATE_DAYS: i64 = 2;

/// First and last day of a participant who joined on `joined`, their own date.
pub(super) fn days(start_date: Option<NaiveDate>, duration_days: i32, joined: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = start_date.unwrap_or(joined);
    (first, last_day(first, duration_days))
}

/// Whether `date` can be recorded when it is `today` for a participant whose days these are.
pub(super) fn open(date: NaiveDate, (first, last): (NaiveDate, NaiveDate), today: NaiveDate) -> Result<(), ProgressError> {
    let (first, last) = (first.max(today - TimeDelta::days(LATE_DAYS)), last.min(today));
    if (first..=last).contains(&date) {
        Ok(())
    } else {
        Err(ProgressError::DateNotOpen { open: (first <= last).then_some((first, last)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("date")
    }

    /// The first and last day of those that are open, which must be in a row.
    fn opened(days: (NaiveDate, NaiveDate), today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let around = (-400..=400).map(|offset| today + TimeDelta::days(offset));
        let open: Vec<_> = around.filter(|date| open(*date, days, today).is_ok()).collect();
        let ends = open.first().copied().zip(open.last().copied());
        if let Some((first, last)) = ends {
            assert_eq!(open.len(), usize::try_from((last - first).num_days()).expect("days") + 1);
        }
        for refused in [today + TimeDelta::days(1), today - TimeDelta::days(3)] {
            assert_eq!(super::open(refused, days, today), Err(ProgressError::DateNotOpen { open: ends }), "what it says is so");
        }
        ends
    }

    #[test]
    fn open_days() {
        let week = days(Some(date("2026-07-01")), 7, date("2026-01-01"));
        let leap = days(Some(date("2028-02-27")), 4, date("2028-01-01"));
        let one = days(Some(date("2026-12-31")), 1, date("2026-01-01"));
        let table = [
            // Before it begins, on its first days, in the midst.
            (week, "2026-06-30", None),
            (week, "2026-07-01", Some(("2026-07-01", "2026-07-01"))),
            (week, "2026-07-02", Some(("2026-07-01", "2026-07-02"))),
            (week, "2026-07-03", Some(("2026-07-01", "2026-07-03"))),
            (week, "2026-07-04", Some(("2026-07-02", "2026-07-04"))),
            // Its last day, two days of grace, and no more.
            (week, "2026-07-07", Some(("2026-07-05", "2026-07-07"))),
            (week, "2026-07-08", Some(("2026-07-06", "2026-07-07"))),
            (week, "2026-07-09", Some(("2026-07-07", "2026-07-07"))),
            (week, "2026-07-10", None),
            // The leap day is a day.
            (leap, "2028-02-29", Some(("2028-02-27", "2028-02-29"))),
            (leap, "2028-03-01", Some(("2028-02-28", "2028-03-01"))),
            (leap, "2028-03-02", Some(("2028-02-29", "2028-03-01"))),
            (leap, "2028-03-03", Some(("2028-03-01", "2028-03-01"))),
            (leap, "2028-03-04", None),
            (one, "2026-12-31", Some(("2026-12-31", "2026-12-31"))),
            (one, "2027-01-02", Some(("2026-12-31", "2026-12-31"))),
            (one, "2027-01-03", None),
        ];
        for (days, today, ends) in table {
            assert_eq!(opened(days, date(today)), ends.map(|(first, last)| (date(first), date(last))), "{days:?} on {today}");
        }
    }

    #[test]
    fn days_without_dates_run_from_the_joining() {
        assert_eq!(days(None, 7, date("2026-08-08")), (date("2026-08-08"), date("2026-08-14")));
        assert_eq!(days(None, 1, date("2028-02-29")), (date("2028-02-29"), date("2028-02-29")));
        assert_eq!(days(Some(date("2026-07-01")), 1, date("2026-08-08")), (date("2026-07-01"), date("2026-07-01")));
    }
}
