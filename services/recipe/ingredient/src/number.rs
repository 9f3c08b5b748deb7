//! Exact numbers.

use num_rational::Ratio;

/// An exact number that is not negative.
pub type Number = Ratio<i64>;

/// Returns the number as cooks write it: whole, with a cooking fraction ("2 1/2"), as a decimal ("0.15"), else as a fraction ("5/7"). Exact.
pub(crate) fn exact(number: Number) -> String {
    let (whole, rest) = (number.trunc().to_integer(), number.fract());
    match (whole, *rest.denom()) {
        (_, 1) => whole.to_string(),
        (0, 2 | 3 | 4 | 6 | 8 | 16) => rest.to_string(),
        (_, 2 | 3 | 4 | 6 | 8 | 16) => format!("{whole} {rest}"),
        _ => decimal(number).unwrap_or_else(|| number.to_string()),
    }
}

/// Returns the number for a reader: like [`exact`], but rounded to two decimals where neither a cooking fraction nor a decimal is exact.
pub(crate) fn shown(number: Number) -> String {
    let text = exact(number);
    let is_cooking = |denominator: i64| matches!(denominator, 1 | 2 | 3 | 4 | 6 | 8 | 16);
    if !text.contains('/') || is_cooking(*number.denom()) {
        return text;
    }
    // Fits: a number that is no decimal has a denominator of at least 7.
    let hundredths = (number.fract().numer().saturating_mul(100) + number.denom() / 2) / number.denom();
    let rounded = Number::from_integer(number.trunc().to_integer()) + Number::new(hundredths.max(1), 100);
    exact(rounded)
}

/// Returns the number as a decimal of at most six places, if it is one.
fn decimal(number: Number) -> Option<String> {
    let places = (1..=6).find(|places| 10_i64.pow(*places) % number.denom() == 0)?;
    let scale = 10_i64.pow(places);
    let fraction = number.fract().numer() * (scale / number.denom());
    let width = usize::try_from(places).ok()?;
    Some(format!("{}.{fraction:0width$}", number.trunc().to_integer()))
}
