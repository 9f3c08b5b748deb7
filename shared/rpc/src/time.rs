//! Conversions of time to protobuf.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use orchard_proto::google::r#type::Date;
use prost_types::Timestamp;

/// Converts a moment to protobuf.
pub fn timestamp_to_wire(moment: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: moment.timestamp(), nanos: i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or_default() }
}

/// Converts a calendar date to protobuf.
pub fn date_to_wire(date: NaiveDate) -> Date {
    let part = |n: u32| i32::try_from(n).unwrap_or_default();
    Date { year: date.year(), month: part(date.month()), day: part(date.day()) }
}
