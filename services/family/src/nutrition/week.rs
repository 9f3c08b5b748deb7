//! Intakes of 7 consecutive dates.

use bigdecimal::ToPrimitive as _;
use chrono::{NaiveDate, TimeDelta};

/// Number of dates in a summary.
const DAYS: usize = 7;

/// The intakes of a user on one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyIntake {
    pub date: NaiveDate,
    /// Energy of all intakes in kcal.
    pub calories: i64,
    pub intakes: i64,
}

/// The intakes of a user on 7 consecutive dates.
#[derive(Debug, PartialEq, Eq)]
pub struct WeeklySummary {
    /// All 7 dates in ascending order.
    pub days: Vec<DailyIntake>,
}

impl WeeklySummary {
    /// Returns the summary of the week that starts on `first`. Dates that `eaten` lacks have no intakes.
    pub fn new(first: NaiveDate, eaten: &[DailyIntake]) -> Self {
        let day = |date| {
            let found = eaten.iter().find(|day| day.date == date).copied();
            found.unwrap_or(DailyIntake { date, calories: 0, intakes: 0 })
        };
        Self { days: first.iter_days().take(DAYS).map(day).collect() }
    }

    /// Returns the energy of all intakes in kcal.
    pub fn total(&self) -> i64 {
        self.days.iter().map(|day| day.calories).sum()
    }

    /// Returns the mean energy of the intakes (not of the dates) in kcal, or `None` without intakes.
    pub fn average(&self) -> Option<f64> {
        let intakes: i64 = self.days.iter().map(|day| day.intakes).sum();
        if intakes == 0 { None } else { Some(self.total().to_f64()? / intakes.to_f64()?) }
    }
}

/// Returns the first and the last of the 7 dates that end with `last`.
pub fn week_ending(last: NaiveDate) -> (NaiveDate, NaiveDate) {
    (last - TimeDelta::days(6), last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("date")
    }

    #[test]
    fn a_week_has_seven_dates_whether_or_not_there_are_intakes() {
        let (first, last) = week_ending(date("2026-03-02"));
        assert_eq!((first, last), (date("2026-02-24"), date("2026-03-02")));
        let eaten = [
            DailyIntake { date: last, calories: 100, intakes: 1 },
            DailyIntake { date: first, calories: 1_200, intakes: 3 },
            DailyIntake { date: date("2026-02-23"), calories: 9_000, intakes: 1 },
        ];
        let week = WeeklySummary::new(first, &eaten);
        assert_eq!(week.days.iter().map(|day| day.calories).collect::<Vec<_>>(), [1_200, 0, 0, 0, 0, 0, 100]);
        assert!(week.days.is_sorted_by_key(|day| day.date) && week.days[6].date == last);
        assert_eq!((week.total(), week.average()), (1_300, Some(325.0)));
    }

    #[test]
    fn no_intakes_have_no_average_and_intakes_of_nothing_average_zero() {
        let first = date("2026-02-24");
        assert_eq!(WeeklySummary::new(first, &[]).average(), None);
        let nothing = DailyIntake { date: first, calories: 0, intakes: 2 };
        assert_eq!(WeeklySummary::new(first, &[nothing]).average(), Some(0.0));
    }
}
