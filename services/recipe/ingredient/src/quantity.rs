//! Quantities: one number or a range of two.

use std::fmt;

use num_rational::Ratio;
use num_traits::CheckedMul as _;

use crate::number::{self, Number};

/// How many or how much: one number, or a range. Numbers are exact and greater than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    low: Number,
    high: Option<Number>,
}

/// Why a quantity cannot be scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// The factor is zero or negative.
    #[error("a factor must be greater than zero")]
    Factor,
    /// A numerator or denominator would not fit into 64 bits.
    #[error("the scaled quantity is too large or too fine")]
    Overflow,
}

impl Quantity {
    /// Returns the quantity of a number greater than zero, and `None` for others.
    pub fn new(number: Number) -> Option<Self> {
        (number > Ratio::ZERO).then_some(Self { low: number, high: None })
    }

    /// Returns the range from a quantity up to a greater number, and `None` if the number is not greater.
    pub fn up_to(self, high: Number) -> Option<Self> {
        (high > self.low).then_some(Self { low: self.low, high: Some(high) })
    }

    /// The number, or the lower end of the range.
    pub fn low(self) -> Number {
        self.low
    }

    /// The upper end of the range, greater than the lower one; `None` if the quantity is one number.
    pub fn high(self) -> Option<Number> {
        self.high
    }

    /// Returns the quantity times `factor`, both ends of a range.
    ///
    /// # Errors
    ///
    /// [`ScaleError::Factor`] if the factor is not greater than zero, [`ScaleError::Overflow`] if the result does not fit into 64 bits.
    pub fn scale(self, factor: Number) -> Result<Self, ScaleError> {
        if factor <= Ratio::ZERO {
            return Err(ScaleError::Factor);
        }
        let times = |number: Number| number.checked_mul(&factor).ok_or(ScaleError::Overflow);
        Ok(Self { low: times(self.low)?, high: self.high.map(times).transpose()? })
    }
}

/// The quantity for a reader: cooking fractions ("2 1/2", "1/3"), else decimals, rounded to two places where they are endless.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = number::shown(self.low);
        match self.high.map(number::shown) {
            Some(high) if high != low => write!(f, "{low}-{high}"),
            _ => f.write_str(&low),
        }
    }
}
