//! Until when a call may take, and how the callee is told.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use orchard_rpc::Deadline;
use tokio::time::Instant;

/// `grpc-timeout`, as the gRPC specification has it.
pub(crate) const HEADER: &str = "grpc-timeout";
/// For calls of callers who have no deadline themselves.
const DEFAULT: Duration = Duration::from_secs(10);
/// What the caller keeps for itself, so that it still has time to say that the callee was late.
const MARGIN: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// When a call ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    pub(crate) instant: Instant,
    /// Whether the caller has asked for it; the default does not cover streams, which may be meant to last.
    pub(crate) asked: bool,
}

impl Until {
    /// The earlier of what is left of the current call and what the request itself says, less the margin.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let current = Deadline::current().map(Deadline::remaining);
        let own = headers.get(HEADER).and_then(|value| parse(value.to_str().ok()?));
        let left = current.into_iter().chain(own).min();
        Self { instant: Instant::now() + less_margin(left.unwrap_or(DEFAULT)), asked: left.is_some() }
    }

    pub(crate) fn left(self) -> Duration {
        self.instant.saturating_duration_since(Instant::now())
    }
}

fn less_margin(left: Duration) -> Duration {
    let (least, most) = MARGIN;
    // More than a year is for ever, and adding it to an instant may not be possible.
    left.min(Duration::from_secs(365 * 24 * 3_600)).saturating_sub((left / 20).clamp(least, most))
}

/// At most 8 digits and a unit.
pub(crate) fn encode(timeout: Duration) -> HeaderValue {
    let units = [(timeout.as_micros(), 'u'), (timeout.as_millis(), 'm'), (timeout.as_secs().into(), 'S')];
    let text = units.into_iter().find(|(number, _)| *number < 100_000_000).map(|(number, unit)| format!("{number}{unit}"));
    text.and_then(|text| text.parse().ok()).unwrap_or(HeaderValue::from_static("99999999S"))
}

/// What is not a timeout is none.
fn parse(text: &str) -> Option<Duration> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_margin_has_its_bounds() {
        assert_eq!(less_margin(ms(200)), ms(190));
        assert_eq!(less_margin(ms(10)), ms(9));
        assert_eq!(less_margin(ms(60_000)), ms(59_950));
        assert_eq!(less_margin(Duration::from_micros(700)), Duration::ZERO);
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        for timeout in [ms(0), ms(250), ms(99_999), ms(100_000), ms(3_600_000), Duration::from_secs(100_000_000 - 1)] {
            let header = encode(timeout);
            let text = header.to_str().expect("text");
            assert!(text.len() <= 9, "{text}");
            assert_eq!(parse(text), Some(timeout), "{text}");
        }
        assert_eq!(parse(encode(Duration::MAX).to_str().expect("text")), Some(Duration::from_secs(99_999_999)));
        for bad in ["", "S", "1", "1s", "-1S", "123456789S", "1 S", "1.5S"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn the_earlier_of_two_counts() {
        let mut headers = HeaderMap::new();
        let none = Until::of(&headers);
        assert!(!none.asked && none.left() > ms(9_000));
        headers.insert(HEADER, encode(ms(1_000)));
        let own = Until::of(&headers);
        assert!(own.asked && own.left() <= ms(950));
        let current = Deadline::after(ms(100)).sync_scope(|| Until::of(&headers));
        assert!(current.left() <= ms(95));
    }
}
