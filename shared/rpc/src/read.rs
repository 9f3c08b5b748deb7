//! Readers of single fields. Each returns a domain value, or a description of the error that follows the field's name.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::NaiveDate;
use orchard_proto::google::r#type::Date;
use prost_types::FieldMask;
use uuid::Uuid;

use crate::Zone;

/// Reads a UUID in its canonical form with hyphens. Refuses the nil UUID, which identifies nothing.
pub fn uuid(text: &str) -> Result<Uuid, String> {
    if text.is_empty() {
        return Err("is required".to_owned());
    }
    match Uuid::try_parse(text) {
        Ok(id) if text.len() == 36 && !id.is_nil() => Ok(id),
        Ok(_) | Err(_) => Err("must be a UUID such as 0b9a1f3e-5a1c-4d6f-9b7e-2f6a1c3d4e5f".to_owned()),
    }
}

/// Reads a UUID; `None` if empty.
pub fn optional_uuid(text: &str) -> Result<Option<Uuid>, String> {
    if text.is_empty() { Ok(None) } else { uuid(text).map(Some) }
}

/// Reads one line of text that people see, trimmed. `length` counts code points. Refuses what is invisible, changes the text around it, or
/// piles marks on a character.
pub fn text(text: &str, length: RangeInclusive<usize>) -> Result<String, String> {
    checked(text, length, true)
}

/// Reads text that may have several lines, with any line endings; otherwise the same as [`text`].
pub fn long_text(text: &str, length: RangeInclusive<usize>) -> Result<String, String> {
    checked(&text.replace("\r\n", "\n"), length, false)
}

fn checked(text: &str, length: RangeInclusive<usize>, is_line: bool) -> Result<String, String> {
    let text = text.trim();
    let count = text.chars().count();
    if count == 0 && *length.start() > 0 {
        return Err("is required".to_owned());
    }
    if !length.contains(&count) {
        return Err(format!("must have {} to {} characters, not {count}", length.start(), length.end()));
    }
    crate::text::check(text, is_line)?;
    Ok(text.to_owned())
}

/// Returns what letters and digits of a text look like. Names that readers would take for each other give the same.
pub fn look(text: &str) -> String {
    crate::text::look(text)
}

/// Reads an https address without whitespace; `None` if empty.
pub fn optional_https(address: &str, longest: usize) -> Result<Option<String>, String> {
    let address = text(address, 0..=longest)?;
    if address.is_empty() {
        return Ok(None);
    }
    let host = address.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if host.is_none_or(str::is_empty) || address.contains(char::is_whitespace) {
        return Err("must be an address that starts with https:// and a host".to_owned());
    }
    Ok(Some(address))
}

/// Reads a number in a range.
pub fn within<N: PartialOrd + std::fmt::Display>(number: N, range: RangeInclusive<N>) -> Result<N, String> {
    if range.contains(&number) { Ok(number) } else { Err(format!("must be {} to {}, not {number}", range.start(), range.end())) }
}

/// Reads a number in a range; `default` for 0, as which an absent number arrives.
pub fn within_or(number: i32, default: i32, range: RangeInclusive<i32>) -> Result<i32, String> {
    if number == 0 { Ok(default) } else { within(number, range) }
}

/// Reads an enum value. Refuses unspecified and unknown ones.
pub fn enumeration<E: TryFrom<i32> + Default + PartialEq>(value: i32) -> Result<E, String> {
    match E::try_from(value) {
        Ok(known) if known != E::default() => Ok(known),
        Ok(_) => Err("is required".to_owned()),
        Err(_) => Err(format!("has no value {value}")),
    }
}

/// Reads an enum value that the domain has a type for; `None` if unspecified.
pub fn optional_enumeration<T: TryFrom<i32, Error = String>>(value: i32) -> Result<Option<T>, String> {
    if value == 0 { Ok(None) } else { T::try_from(value).map(Some) }
}

/// Reads a required message.
pub fn required<T>(message: Option<T>) -> Result<T, String> {
    message.ok_or_else(|| "is required".to_owned())
}

/// Reads a full calendar date.
pub fn date(date: Option<Date>) -> Result<NaiveDate, String> {
    let date = required(date)?;
    let part = |n: i32| u32::try_from(n).ok();
    (1..=9999)
        .contains(&date.year)
        .then(|| NaiveDate::from_ymd_opt(date.year, part(date.month)?, part(date.day)?))
        .flatten()
        .ok_or_else(|| format!("must be a date of the calendar, not {}-{}-{}", date.year, date.month, date.day))
}

/// Reads a full calendar date; `None` if absent.
pub fn optional_date(sent: Option<Date>) -> Result<Option<NaiveDate>, String> {
    sent.map(|sent| date(Some(sent))).transpose()
}

/// Reads an IANA time zone; UTC if empty.
pub fn time_zone(name: &str) -> Result<Zone, String> {
    if name.is_empty() {
        return Ok(Zone::default());
    }
    Zone::named(name).ok_or_else(|| "must be an IANA time zone such as Europe/Berlin".to_owned())
}

/// Reads a duration in a range; `default` if absent.
pub fn duration(
    duration: Option<prost_types::Duration>,
    default: Duration,
    range: RangeInclusive<Duration>,
) -> Result<Duration, String> {
    let Some(duration) = duration else { return Ok(default) };
    // Not prost's conversion, which panics at the lowest value.
    let parts =
        u64::try_from(duration.seconds).ok().zip(u32::try_from(duration.nanos).ok().filter(|nanos| *nanos < 1_000_000_000));
    parts
        .map(|(seconds, nanos)| Duration::new(seconds, nanos))
        .filter(|d| range.contains(d))
        .ok_or_else(|| format!("must be {} to {} seconds", range.start().as_secs(), range.end().as_secs()))
}

/// Removes duplicates from a short list and keeps the order of first occurrence.
pub fn distinct<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut distinct = Vec::with_capacity(items.len());
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}

/// Reads the paths of an update, at least one, all from `allowed`.
pub fn field_mask(mask: Option<FieldMask>, allowed: &[&'static str]) -> Result<Vec<&'static str>, String> {
    let paths = mask.unwrap_or_default().paths;
    if paths.is_empty() {
        return Err(format!("must name at least one of {}", allowed.join(", ")));
    }
    let find = |path: &String| {
        let known = allowed.iter().find(|known| **known == path).copied();
        known.ok_or_else(|| format!("has an unknown or fixed path {path:?}; paths are {}", allowed.join(", ")))
    };
    paths.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_canonical_and_not_nil() {
        assert!(uuid("0b9a1f3e-5a1c-4d6f-9b7e-2f6a1c3d4e5f").is_ok());
        for bad in [
            "",
            "x",
            "0b9a1f3e5a1c4d6f9b7e2f6a1c3d4e5f",
            "00000000-0000-0000-0000-000000000000",
            "{0b9a1f3e-5a1c-4d6f-9b7e-2f6a1c3d4e5f}",
        ] {
            assert!(uuid(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_are_trimmed_and_free_of_control_characters() {
        assert_eq!(text("  Müller ", 1..=6).as_deref(), Ok("Müller"));
        for bad in ["", "   ", "1234567", "a\0b", "a\nb", "a\u{2028}b", "a\u{202E}b"] {
            assert!(text(bad, 1..=6).is_err(), "{bad:?}");
        }
        assert_eq!(long_text("a\r\nb", 1..=6).as_deref(), Ok("a\nb"));
    }

    #[test]
    fn dates_exist_in_the_calendar() {
        let read = |year, month, day| date(Some(Date { year, month, day }));
        assert!(read(2024, 2, 29).is_ok());
        for (y, m, d) in [(2025, 2, 29), (0, 1, 1), (2025, 0, 1), (2025, 1, 0), (2025, -1, 1), (10_000, 1, 1)] {
            assert!(read(y, m, d).is_err(), "{y}-{m}-{d}");
        }
        assert!(date(None).is_err());
        assert_eq!(optional_date(None), Ok(None));
        assert!(optional_date(Some(Date::default())).is_err());
    }

    #[test]
    fn addresses_are_https() {
        assert_eq!(optional_https("", 50), Ok(None));
        assert!(optional_https("https://example.org/a.png", 50).is_ok());
        for bad in ["http://example.org", "https://", "https:///a", "https://a b", "javascript:alert(1)"] {
            assert!(optional_https(bad, 50).is_err(), "{bad}");
        }
    }

    #[test]
    fn duplicates_are_removed_and_order_is_kept() {
        assert_eq!(distinct(vec!["vegan", "summer", "vegan", "cold"]), ["vegan", "summer", "cold"]);
    }

    #[test]
    fn masks_name_allowed_paths() {
        let mask = |paths: &[&str]| Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
        assert_eq!(field_mask(mask(&["a"]), &["a", "b"]), Ok(vec!["a"]));
        assert!(field_mask(mask(&["a", "z"]), &["a", "b"]).is_err());
        assert!(field_mask(mask(&[]), &["a"]).is_err());
        assert!(field_mask(None, &["a"]).is_err());
    }
}
