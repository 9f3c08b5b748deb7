//! Durations in settings.

use std::time::Duration;

/// Reads a [`duration`] that is not zero. PostgreSQL takes zero for no limit.
pub(crate) fn some_duration(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|read| if read.is_zero() { Err("must not be zero".to_owned()) } else { Ok(read) })
}

/// Reads `250ms`, `5s`, `2m`, `24h` or `14d`. A day is 24 hours.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u32 = number.parse().map_err(|_| "must be a number and a unit, such as 250ms, 5s, 2m, 24h or 14d")?;
    match unit {
        "ms" => Ok(Duration::from_millis(number.into())),
        "s" => Ok(Duration::from_secs(number.into())),
        "m" => Ok(Duration::from_secs(60) * number),
        "h" => Ok(Duration::from_secs(3600) * number),
        "d" => Ok(Duration::from_secs(24 * 3600) * number),
        _ => Err("must end in ms, s, m, h or d, such as 250ms, 5s, 2m, 24h or 14d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(duration("14d"), Ok(Duration::from_secs(14 * 86_400)));
        for bad in ["", "5", "s", "-1s", "1w", "99999999999s", "1.5s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
