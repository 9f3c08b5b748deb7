//! Exact numbers.

use num_rational::Ratio;
use num_traits::CheckedAdd as _;

/// An exact number that is not negative.
pub type Number = Ratio<i64>;

/// Returns the number as cooks write it: whole, with a cooking fraction ("2 1/2"), as a decimal ("0.15"), else as a fraction ("5/7"). Exact.
pub(crate) fn exact(number: Number) -> String {
    let (whole, rest) = (number.trunc().to_integer(), number.fract());
    match *rest.denom() {
        1 => whole.to_string(),
        below if is_cooking(below) && whole == 0 => rest.to_string(),
        below if is_cooking(below) => format!("{whole} {rest}"),
        _ => decimal(number).unwrap_or_else(|| number.to_string()),
    }
}

/// Returns the number for a reader: like [`exact`], but rounded to two decimals where neither a cooking fraction nor a decimal is exact.
pub(crate) fn shown(number: Number) -> String {
    let text = exact(number);
    if !text.contains('/') || is_cooking(*number.denom()) {
        return text;
    }
    rounded(number).map_or(text, exact)
}

/// Returns whether cooks use fractions with a denominator.
fn is_cooking(denominator: i64) -> bool {
    matches!(denominator, 2 | 3 | 4 | 6 | 8 | 16)
}

/// Returns the number rounded to hundredths, but at least one of them.
fn rounded(number: Number) -> Option<Number> {
    let (above, below) = (i128::from(*number.fract().numer()), i128::from(*number.denom()));
    let hundredths = i64::try_from((above * 100 + below / 2) / below).ok()?;
    let least = if number < Number::ONE { 1 } else { 0 };
    number.trunc().checked_add(&Number::new(hundredths.max(least), 100))
}

/// Returns the number as a decimal of at most six places, if it is one.
fn decimal(number: Number) -> Option<String> {
    let places = (1..=6).find(|places| 10_i64.pow(*places) % number.denom() == 0)?;
    let scale = 10_i64.pow(places);
    let fraction = number.fract().numer() * (scale / number.denom());
    let width = usize::try_from(places).ok()?;
    Some(format!("{}.{fraction:0width$}", number.trunc().to_integer()))
}
