//! Which days can be recorded.

use chrono::{NaiveDate, TimeDelta};

use super::ProgressError;
use crate::challenges::challenge::days::LATE_DAYS;

/// Checks that `date` can be recorded when it is `today` for a participant whose days are `first` to `last`.
pub(super) fn check_open(date: NaiveDate, (first, last): (NaiveDate, NaiveDate), today: NaiveDate) -> Result<(), ProgressError> {
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
    use crate::challenges::challenge::days::last_day;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("date")
    }

    /// Returns the first and the last of the open days, which must be consecutive.
    fn opened(days: (NaiveDate, NaiveDate), today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let around = (-400..=400).map(|offset| today + TimeDelta::days(offset));
        let open: Vec<_> = around.filter(|date| check_open(*date, days, today).is_ok()).collect();
        let ends = open.first().copied().zip(open.last().copied());
        if let Some((first, last)) = ends {
            assert_eq!(open.len(), usize::try_from((last - first).num_days()).expect("days") + 1);
        }
        for refused in [today + TimeDelta::days(1), today - TimeDelta::days(3)] {
            assert_eq!(
                check_open(refused, days, today),
                Err(ProgressError::DateNotOpen { open: ends }),
                "the error names the open days"
            );
        }
        ends
    }

    #[test]
    fn days_open_one_by_one_and_close_two_days_late() {
        let days = |first: &str, count| (date(first), last_day(date(first), count));
        let (week, leap, one) = (days("2026-07-01", 7), days("2028-02-27", 4), days("2026-12-31", 1));
        let table = [
            // Before the challenge, on its first days, and in between.
            (week, "2026-06-30", None),
            (week, "2026-07-01", Some(("2026-07-01", "2026-07-01"))),
            (week, "2026-07-02", Some(("2026-07-01", "2026-07-02"))),
            (week, "2026-07-03", Some(("2026-07-01", "2026-07-03"))),
            (week, "2026-07-04", Some(("2026-07-02", "2026-07-04"))),
            // The last day, the two late days, and the day after them.
            (week, "2026-07-07", Some(("2026-07-05", "2026-07-07"))),
            (week, "2026-07-08", Some(("2026-07-06", "2026-07-07"))),
            (week, "2026-07-09", Some(("2026-07-07", "2026-07-07"))),
            (week, "2026-07-10", None),
            // Over a leap day.
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
}
