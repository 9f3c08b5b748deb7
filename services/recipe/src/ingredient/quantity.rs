//! Exact quantities.

use std::fmt;
use std::str::FromStr;

use orchard_ingredient::Number;
use serde::{Deserialize, Serialize};

/// Quantities are less than this, and their denominators at most this.
const LIMIT: i64 = 1_000_000_000;
/// The denominator of the finest decimal number.
const FINEST: i64 = 10_000;

/// An exact amount greater than zero. It is less than 1,000,000,000, and so small that all of its arithmetic can be checked in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Quantity(Number);

/// A text that is not a [`Quantity`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a number greater than zero such as 2.5, with at most 9 digits before and 4 after the point, or a fraction such as 4/3"
)]
pub(crate) struct InvalidQuantity;

impl Quantity {
    /// Returns the quantity of a number, if it is within the limits.
    pub(crate) fn new(number: Number) -> Option<Self> {
        let is_small = number.trunc().to_integer() < LIMIT && *number.denom() <= LIMIT;
        (is_small && number > Number::ZERO).then_some(Self(number))
    }

    /// The number.
    pub(crate) fn number(self) -> Number {
        self.0
    }
}

/// Returns a number of at most `most` digits.
fn digits(text: &str, most: usize) -> Option<i64> {
    // Checked by hand: a number's own reader takes signs, too.
    let is_plain = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

fn fraction(above: &str, below: &str) -> Option<Number> {
    let (above, below) = (digits(above, 18)?, digits(below, 10)?);
    (below > 0).then(|| Number::new(above, below))
}

fn decimal(text: &str) -> Option<Number> {
    let Some((whole, fraction)) = text.split_once('.') else { return digits(text, 9).map(Number::from_integer) };
    let parts = digits(whole, 9)? * FINEST + digits(fraction, 4)? * 10_i64.pow(4 - u32::try_from(fraction.len()).ok()?);
    Some(Number::new(parts, FINEST))
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let number = match text.split_once('/') {
            Some((above, below)) => fraction(above, below),
            None => decimal(text),
        };
        number.and_then(Self::new).ok_or(InvalidQuantity)
    }
}

/// The decimal number if that is exact, otherwise the fraction in lowest terms. Each quantity has one text.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (above, below) = (*self.0.numer(), *self.0.denom());
        if FINEST % below != 0 {
            return write!(f, "{above}/{below}");
        }
        let parts = above % below * (FINEST / below);
        let text = format!("{}.{parts:04}", above / below);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl TryFrom<String> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(text: String) -> Result<Self, InvalidQuantity> {
        text.parse()
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_exact_and_has_one_text() {
        for (text, stored) in [
            ("2.5", "2.5"),
            ("0.0001", "0.0001"),
            ("02.50", "2.5"),
            ("100", "100"),
            ("100.0", "100"),
            ("10.05", "10.05"),
            ("999999999.9999", "999999999.9999"),
            ("1/2", "0.5"),
            ("4/3", "4/3"),
            ("2/6", "1/3"),
            ("6/3", "2"),
            ("1/16", "0.0625"),
            ("1/32", "1/32"),
            ("1/1000000000", "1/1000000000"),
            ("999999999999999999/1000000000", "999999999999999999/1000000000"),
        ] {
            let quantity = text.parse::<Quantity>();
            assert_eq!(quantity.map(String::from).as_deref(), Ok(stored));
            assert_eq!(stored.parse(), text.parse::<Quantity>());
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let bad = [
            "",
            "0",
            "0.0000",
            "-1",
            "+1",
            "1e3",
            "1_000",
            ".5",
            "5.",
            "1,5",
            " 1",
            "1.00001",
            "1000000000",
            "NaN",
            "١",
            "1/0",
            "0/1",
            "/",
            "1/",
            "/2",
            "-1/2",
            "1/-2",
            "1.5/2",
            "1/2/3",
            "1/1000000001",
            "1000000000/1",
            "9999999999999999999/1",
            "1 1/2",
        ];
        for text in bad {
            assert_eq!(text.parse::<Quantity>(), Err(InvalidQuantity), "{text}");
        }
    }

    #[test]
    fn quantities_are_compared_as_numbers() {
        let quantity = |text: &str| text.parse::<Quantity>().expect("a quantity");
        assert!(quantity("1/3") < quantity("0.3334") && quantity("1/3") > quantity("0.3333"));
        assert!(quantity("999999999999999999/1000000000") > quantity("999999999999999998/1000000000"));
    }
}
