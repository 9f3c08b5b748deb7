//! `google.type.Money` and exact decimals.

use std::str::FromStr;

use bigdecimal::{BigDecimal, Signed as _, ToPrimitive as _, Zero as _};
use orchard_proto::google::r#type::Money;

const NANOS_PER_CENT: i32 = 10_000_000;

/// The currency of an installation, as an ISO 4217 code. There is only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency(String);

impl FromStr for Currency {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(code.to_owned()))
        } else {
            Err("must be an ISO 4217 code such as EUR".to_owned())
        }
    }
}

impl Currency {
    /// Returns the code.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// Reads an amount that is greater than zero and at most `most`, in this currency and whole cents.
    pub fn positive(&self, money: Option<Money>, most: &BigDecimal) -> Result<BigDecimal, String> {
        let amount = self.read(money.ok_or("is required")?, most)?;
        if amount.is_positive() { Ok(amount) } else { Err("must be greater than zero".to_owned()) }
    }

    /// Reads an amount from zero to `most`, in this currency and whole cents; `None` if absent.
    pub fn optional(&self, money: Option<Money>, most: &BigDecimal) -> Result<Option<BigDecimal>, String> {
        let Some(money) = money else { return Ok(None) };
        let amount = self.read(money, most)?;
        if amount.is_negative() { Err("must not be negative".to_owned()) } else { Ok(Some(amount)) }
    }

    fn read(&self, money: Money, most: &BigDecimal) -> Result<BigDecimal, String> {
        if money.currency_code != self.0 {
            return Err(format!("must be in {}", self.0));
        }
        let mixed = money.units.signum() * i64::from(money.nanos.signum()) < 0;
        if mixed || money.nanos.unsigned_abs() > 999_999_999 {
            return Err("must have units and nanos of one sign, and nanos within ±999,999,999".to_owned());
        }
        if money.nanos % NANOS_PER_CENT != 0 {
            return Err("must be whole cents".to_owned());
        }
        let amount = (BigDecimal::from(money.units) + BigDecimal::new(money.nanos.into(), 9)).with_scale(2);
        if amount > *most { Err(format!("must be at most {most}")) } else { Ok(amount) }
    }

    /// Converts an amount of whole cents to protobuf.
    pub fn to_wire(&self, amount: &BigDecimal) -> Money {
        let units = amount.with_scale_round(0, bigdecimal::RoundingMode::Down);
        let fraction = amount - &units;
        let cents = if fraction.is_zero() { 0 } else { (fraction * BigDecimal::from(100)).to_i32().unwrap_or_default() };
        Money { currency_code: self.0.clone(), units: units.to_i64().unwrap_or_default(), nanos: cents * NANOS_PER_CENT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(currency: &str, units: i64, nanos: i32) -> Option<Money> {
        Some(Money { currency_code: currency.to_owned(), units, nanos })
    }

    fn most() -> BigDecimal {
        BigDecimal::new(9_999_999_999_i64.into(), 2)
    }

    #[test]
    fn an_amount_is_read_and_written_back() {
        let euro = Currency("EUR".to_owned());
        for (units, nanos) in [(0, 10_000_000), (1, 0), (12, 500_000_000), (99_999_999, 990_000_000)] {
            let wire = money("EUR", units, nanos);
            let amount = euro.positive(wire.clone(), &most()).expect("amount");
            assert_eq!(Some(euro.to_wire(&amount)), wire);
            assert_eq!(euro.to_wire(&-amount), Money { currency_code: "EUR".to_owned(), units: -units, nanos: -nanos });
        }
    }

    #[test]
    fn invalid_money_is_refused() {
        let euro = Currency("EUR".to_owned());
        let bad = [
            None,
            money("USD", 1, 0),
            money("", 1, 0),
            money("EUR", 0, 0),
            money("EUR", -1, 0),
            money("EUR", 1, -10_000_000),
            money("EUR", 0, 1_000_000_000),
            money("EUR", 0, i32::MIN),
            money("EUR", 0, 1),
            money("EUR", 100_000_000, 0),
            money("EUR", i64::MAX, 0),
        ];
        for wire in bad {
            assert!(euro.positive(wire.clone(), &most()).is_err(), "{wire:?}");
        }
        assert_eq!(euro.optional(None, &most()), Ok(None));
        assert!(euro.optional(money("EUR", -1, 0), &most()).is_err());
    }
}
