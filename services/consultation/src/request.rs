//! Parts that the requests of many methods have in common.

use std::ops::Range;

use chrono::{DateTime, Utc};
use orchard_rpc::{Fields, PageKey, PageRequest, read};
use prost_types::Timestamp;
use uuid::Uuid;

use crate::error::Error;

/// Reads an id that is the only field of a request.
pub(crate) fn id(name: &str, value: &str) -> Result<Uuid, Error> {
    Ok(Fields::one(name, read::uuid(value))?)
}

/// Reads which page a request asks for, if it has no other fields. See [`PageRequest::read`] for `query`.
pub(crate) fn page<K: PageKey>(query: String, page_size: i32, page_token: &str) -> Result<PageRequest<K>, Error> {
    Ok(PageRequest::alone(query, page_size, page_token)?)
}

/// 1970 to 2199, in seconds. Clocks and calendars of all libraries have these years.
const YEARS: Range<i64> = 0..7_258_118_400;

/// Reads a moment.
pub(crate) fn moment(moment: Option<Timestamp>) -> Result<DateTime<Utc>, String> {
    let Timestamp { seconds, nanos } = read::required(moment)?;
    let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000 && YEARS.contains(&seconds));
    let moment = nanos.and_then(|nanos| DateTime::from_timestamp(seconds, nanos));
    moment.ok_or_else(|| "must be a time of the years 1970 to 2199".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_of_years_that_calendars_have() {
        let read = |seconds, nanos| moment(Some(Timestamp { seconds, nanos })).map(|moment| moment.to_rfc3339());
        assert_eq!(read(0, 0).as_deref(), Ok("1970-01-01T00:00:00+00:00"));
        assert_eq!(read(7_258_118_399, 999_999_999).as_deref(), Ok("2199-12-31T23:59:59.999999999+00:00"));
        for (seconds, nanos) in [(-1, 0), (7_258_118_400, 0), (i64::MIN, 0), (i64::MAX, 0), (1, -1), (1, i32::MAX)] {
            assert!(read(seconds, nanos).is_err(), "{seconds} {nanos}");
        }
        assert!(moment(None).is_err());
    }
}
