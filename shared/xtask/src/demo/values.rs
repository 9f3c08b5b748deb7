//! Dates and money on the wire.

use chrono::{Datelike as _, Days, NaiveDate};
use orchard_proto::google::r#type::{Date, Money};

/// Converts a day.
pub fn date(day: NaiveDate) -> Date {
    let part = |number: u32| i32::try_from(number).unwrap_or_default();
    Date { year: day.year(), month: part(day.month()), day: part(day.day()) }
}

/// Returns an amount of money.
pub fn money(currency: &str, units: i64, cents: i32) -> Money {
    Money { currency_code: currency.to_owned(), units, nanos: cents * 10_000_000 }
}

/// Returns the previous day.
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}
