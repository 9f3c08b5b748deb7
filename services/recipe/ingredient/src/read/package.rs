//! What one piece holds or measures.

use num_rational::Ratio;
use num_traits::CheckedDiv as _;

use super::container::is_pack;
use super::measure;
use super::numeral;
use crate::cursor::Cursor;
use crate::parsed::Amount;
use crate::quantity::Quantity;
use crate::token::Kind;
use crate::unit::Unit;

/// A number of pieces, what one of them holds or measures, and what is left.
type Package<'t, 'a> = (Quantity, Amount, Cursor<'t, 'a>);

/// Reads what one piece holds or measures, after the number of pieces: "x 400 g", "(400 g)", "14-ounce". `start` is where the number begins.
pub(crate) fn package<'t, 'a>(start: Cursor<'t, 'a>, quantity: Quantity, after: Cursor<'t, 'a>) -> Option<Package<'t, 'a>> {
    split(start, quantity, after).or_else(|| no_range(quantity, after)).or_else(|| {
        let (amount, next) = one(after)?;
        Some((quantity, amount, next))
    })
}

fn one<'t, 'a>(after: Cursor<'t, 'a>) -> Option<(Amount, Cursor<'t, 'a>)> {
    if let Some(times) = after.word(&["x"]).or_else(|| after.mark('×')) {
        return measure::amount(times);
    }
    let sized = |amount: &Amount| amount.unit.is_some_and(Unit::is_sized);
    if let Some((inner, next)) = after.brackets() {
        if let Some((number, _)) = numeral::quantity(inner).filter(|(_, rest)| rest.is_empty()) {
            let (unit, next) = measure::unit(next).filter(|(unit, _)| unit.is_sized())?;
            return Some((Amount { quantity: Some(number), unit: Some(unit) }, next));
        }
        let amount = measure::clause(inner)?.amounts.first().copied().filter(sized)?;
        return Some((amount, next));
    }
    let dash = after.mark('-').unwrap_or(after);
    dash.peek().filter(|token| matches!(token.kind, Kind::Number { .. }))?;
    measure::amount(dash).filter(|(amount, _)| sized(amount))
}

/// Reads a mixed number before a hyphen as a number of pieces and the size of one: "2 1/2-inch pieces", "1 1/4-ounce package".
fn split<'t, 'a>(start: Cursor<'t, 'a>, quantity: Quantity, after: Cursor<'t, 'a>) -> Option<Package<'t, 'a>> {
    if quantity.high().is_some() {
        return None;
    }
    let Some(Kind::Number { split: Some((whole, part)), .. }) = start.peek().map(|token| token.kind) else { return None };
    let (unit, next) = measure::unit(after.mark('-')?)?;
    let before_pack = || measure::unit(next).is_some_and(|(unit, _)| is_pack(unit));
    let is_size = unit.is_length() || unit.name() == "ounce" && before_pack();
    is_size.then_some((Quantity::new(whole)?, Amount { quantity: Quantity::new(part), unit: Some(unit) }, next))
}

/// Reads "1-14 oz can", which is no range.
fn no_range<'t, 'a>(quantity: Quantity, after: Cursor<'t, 'a>) -> Option<Package<'t, 'a>> {
    let high = quantity.high()?;
    let times = high.checked_div(&quantity.low())?;
    if times < Ratio::from_integer(5) {
        return None;
    }
    let (unit, next) = measure::unit(after.mark('-').unwrap_or(after)).filter(|(unit, _)| unit.is_sized())?;
    measure::unit(next).filter(|(pack, _)| is_pack(*pack))?;
    Some((Quantity::new(quantity.low())?, Amount { quantity: Quantity::new(high), unit: Some(unit) }, next))
}
