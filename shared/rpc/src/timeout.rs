//! The `grpc-timeout` header: at most 8 digits and a unit (gRPC specification).

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

/// The header's name.
pub const GRPC_TIMEOUT: &str = "grpc-timeout";

/// Returns the timeout that a call's headers ask for. Ignores a malformed one.
pub fn asked(headers: &HeaderMap) -> Option<Duration> {
    headers.get(GRPC_TIMEOUT).and_then(read)
}

/// Returns whether the headers have a timeout that cannot be read, or more than one.
pub fn is_malformed(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(GRPC_TIMEOUT).iter();
    values.next().is_some_and(|value| read(value).is_none() || values.next().is_some())
}

fn read(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// Encodes a timeout in the finest unit whose number fits.
pub fn encode(timeout: Duration) -> HeaderValue {
    let units = [(timeout.as_micros(), 'u'), (timeout.as_millis(), 'm'), (timeout.as_secs().into(), 'S')];
    let text = units.into_iter().find(|(number, _)| *number < 100_000_000).map(|(number, unit)| format!("{number}{unit}"));
    text.and_then(|text| text.parse().ok()).unwrap_or(HeaderValue::from_static("99999999S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: HeaderValue) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(GRPC_TIMEOUT), value)])
    }

    fn read(value: HeaderValue) -> Option<Duration> {
        asked(&headers(value))
    }

    #[test]
    fn only_valid_units_are_read() {
        let seconds = Duration::from_secs;
        let units = [("H", seconds(3_600)), ("M", seconds(60)), ("S", seconds(1)), ("m", Duration::from_millis(1))];
        for (unit, one) in units.into_iter().chain([("u", Duration::from_micros(1)), ("n", Duration::from_nanos(1))]) {
            assert_eq!(read(format!("99999999{unit}").parse().expect("a header")), Some(one * 99_999_999));
        }
        for bad in ["", "S", "1", "1s", "-1S", "123456789S", "1 S", "1.5S"] {
            let bad: HeaderValue = bad.parse().expect("a header");
            assert_eq!(read(bad.clone()), None, "{bad:?}");
            assert!(is_malformed(&headers(bad)));
        }
        assert!(asked(&HeaderMap::new()).is_none() && !is_malformed(&HeaderMap::new()));
        let mut twice = headers(HeaderValue::from_static("1S"));
        assert!(!is_malformed(&twice));
        twice.append(GRPC_TIMEOUT, HeaderValue::from_static("2S"));
        assert!(is_malformed(&twice));
    }

    #[test]
    fn an_encoded_timeout_is_read_back() {
        for ms in [0, 250, 99_999, 100_000, 3_600_000, 99_999_999_000] {
            let timeout = Duration::from_millis(ms);
            assert!(encode(timeout).len() <= 9);
            assert_eq!(read(encode(timeout)), Some(timeout));
        }
        assert_eq!(read(encode(Duration::MAX)), Some(Duration::from_secs(99_999_999)));
    }
}
