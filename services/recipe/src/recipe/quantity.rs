//! Exact quantities.

use std::fmt;
use std::str::FromStr;

use bigdecimal::{BigDecimal, Signed as _};
use serde::{Deserialize, Serialize};

/// An exact amount greater than zero, with at most 9 digits before the decimal point and 4 after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity(BigDecimal);

/// A text that is not a [`Quantity`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number greater than zero such as 2.5, with at most 9 digits before and 4 after the point")]
pub struct InvalidQuantity;

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        // Checked by hand: `BigDecimal` also accepts signs, exponents and underscores.
        let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let plain = match text.split_once('.') {
            Some((whole, fraction)) => digits(whole, 9) && digits(fraction, 4),
            None => digits(text, 9),
        };
        let number: BigDecimal = if plain { text.parse().map_err(|_| InvalidQuantity)? } else { return Err(InvalidQuantity) };
        if number.is_positive() { Ok(Self(number.normalized())) } else { Err(InvalidQuantity) }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
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
    fn a_quantity_is_exact() {
        for (text, stored) in
            [("2.5", "2.5"), ("0.0001", "0.0001"), ("02.50", "2.5"), ("100", "100"), ("999999999.9999", "999999999.9999")]
        {
            assert_eq!(text.parse::<Quantity>().map(String::from).as_deref(), Ok(stored));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let bad =
            ["", "0", "0.0000", "-1", "+1", "1e3", "1_000", ".5", "5.", "1,5", "1/2", " 1", "1.00001", "1000000000", "NaN", "١"];
        for text in bad {
            assert_eq!(text.parse::<Quantity>(), Err(InvalidQuantity), "{text}");
        }
    }
}
