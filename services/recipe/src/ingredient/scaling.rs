//! Exact scaling.

use num_traits::CheckedMul as _;

use super::{Amount, Ingredient, Quantity};

impl Quantity {
    /// Returns the quantity that many times; `None` beyond the limits.
    pub(crate) fn times(self, factor: Self) -> Option<Self> {
        self.number().checked_mul(&factor.number()).and_then(Self::new)
    }
}

impl Amount {
    fn times(&self, factor: Quantity) -> Option<Self> {
        let times = |quantity: Option<Quantity>| match quantity {
            Some(quantity) => quantity.times(factor).map(Some),
            None => Some(None),
        };
        Some(Self { quantity: times(self.quantity)?, max_quantity: times(self.max_quantity)?, unit: self.unit.clone() })
    }
}

impl Ingredient {
    /// Returns that many times the ingredient; `None` if a quantity would be beyond the limits. What a package holds stays the same, and the
    /// author's own words, which tell the quantity before, are left out.
    pub(crate) fn times(&self, factor: Quantity) -> Option<Self> {
        Some(Self {
            amount: self.amount.times(factor)?,
            alternatives: self.alternatives.iter().map(|amount| amount.times(factor)).collect::<Option<_>>()?,
            original_text: String::new(),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().expect(text)
    }

    #[test]
    fn quantities_are_scaled_exactly() {
        for (one, factor, product) in [
            ("9", "1.5", "13.5"),
            ("1/3", "2", "2/3"),
            ("1/3", "3", "1"),
            ("0.1", "0.1", "0.01"),
            ("0.0001", "0.1", "1/100000"),
            ("1/1000000000", "1000", "1/1000000"),
            ("999999999", "1/999999999", "1"),
            ("999999999.9999", "1/2", "9999999999999/20000"),
        ] {
            assert_eq!(quantity(one).times(quantity(factor)), Some(quantity(product)), "{one} x {factor}");
        }
        for (one, factor) in [("999999999", "2"), ("1/1000000000", "1/2"), ("1/999999937", "1/999999929")] {
            assert_eq!(quantity(one).times(quantity(factor)), None, "{one} x {factor}");
        }
    }

    #[test]
    fn a_third_is_a_third_after_a_thousand_round_trips() {
        let (mut amount, third, three) = (quantity("2.5"), quantity("1/3"), quantity("3"));
        for _ in 0..1_000 {
            amount = amount.times(third).and_then(|less| less.to_string().parse().ok()).expect("a quantity");
            assert_eq!(amount.to_string(), "5/6");
            amount = amount.times(three).expect("a quantity");
        }
        assert_eq!(amount, quantity("2.5"));
    }
}
