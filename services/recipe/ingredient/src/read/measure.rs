//! Units, and amounts that have one.

use num_traits::{CheckedAdd as _, CheckedMul as _};

use super::numeral;
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::parsed::Amount;
use crate::quantity::Quantity;
use crate::token::{Kind, Token};
use crate::unit::Unit;

/// Reads a unit: "cups", "tbsp.", "fl. oz.", "can(s)".
pub(crate) fn unit<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Unit, Cursor<'t, 'a>)> {
    let token = cursor.peek()?;
    if token.is("fl") || token.is("fluid") {
        let after = cursor.skip(1).past_point().word(&["oz", "ozs", "ounce", "ounces"])?;
        return Some((Unit::find("fluid ounce")?, after.past_point()));
    }
    let inches = token.glued && (token.is_mark('"') || token.is_mark('”') || token.is_mark('″'));
    let unit = if inches { Unit::find("inch") } else { token.unit }?;
    let after = cursor.skip(1).past_point();
    let plural = after.peek().filter(|token| token.glued).and_then(|_| after.mark('(')?.word(&["s", "es"])?.mark(')'));
    Some((unit, plural.unwrap_or(after)))
}

/// Reads an amount with a unit: "400 g", "14-ounce", "3- to 4-pound", "200 g-250 g", "3 lb 5 oz".
pub(crate) fn amount<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Amount, Cursor<'t, 'a>)> {
    let (quantity, after) = numeral::quantity(cursor)?;
    let (unit, after) = unit(sizes(after.mark('-').unwrap_or(after)))?;
    let (quantity, after) = more(quantity, unit, after);
    Some((Amount { quantity: Some(quantity), unit: Some(unit) }, after))
}

/// Goes past sizes, which say little of a measure: "heaped".
pub(crate) fn sizes<'t, 'a>(cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let size = |token: &Token<'_>| token.class.is(Class::SIZE.or(Class::HEAP));
    let mut after = cursor;
    while let Some(next) = after.peek().filter(|token| size(token)).map(|_| after.skip(1).past_point()) {
        let range = next.word(&["to", "or"]).or_else(|| next.mark('-')).filter(|range| range.peek().is_some_and(size));
        after = range.unwrap_or(next);
    }
    after
}

/// Reads more of an amount after its unit: "200 g-250 g", "3 lb 5 oz", "a cup and a half".
pub(crate) fn more<'t, 'a>(quantity: Quantity, unit: Unit, cursor: Cursor<'t, 'a>) -> (Quantity, Cursor<'t, 'a>) {
    let found = range(quantity, unit, cursor).or_else(|| smaller(quantity, unit, cursor)).or_else(|| {
        let (part, after) = numeral::and_part(cursor)?;
        Some((sum(quantity, unit, Quantity::new(part)?, unit)?, after))
    });
    found.unwrap_or((quantity, cursor))
}

/// Reads the upper end of "200 g-250 g", "1 teaspoon to 1 tablespoon" and "a cup or two of", after the first unit.
fn range<'t, 'a>(low: Quantity, unit: Unit, cursor: Cursor<'t, 'a>) -> Option<(Quantity, Cursor<'t, 'a>)> {
    if low.high().is_some() {
        return None;
    }
    let (high, after) = numeral::upper(cursor)?;
    let (high, after) = match self::unit(after) {
        Some((other, next)) if other == unit => (high, next),
        // "250 g or 9 oz" is the same amount twice.
        Some((other, next)) if cursor.word(&["or"]).is_none() => (high.checked_mul(&other.in_units_of(unit)?)?, next),
        None if after.word(&["of"]).is_some() => (high, after),
        _ => return None,
    };
    Some((low.up_to(high)?, after))
}

/// Reads the smaller part of "3 lb 5 oz", after the larger one.
fn smaller<'t, 'a>(large: Quantity, unit: Unit, cursor: Cursor<'t, 'a>) -> Option<(Quantity, Cursor<'t, 'a>)> {
    cursor.peek().filter(|token| matches!(token.kind, Kind::Number { .. }))?;
    let (more, after) = numeral::number(cursor)?;
    let (other, after) = self::unit(after)?;
    let is_smaller = other.in_units_of(unit).is_some_and(|ratio| ratio < num_rational::Ratio::ONE);
    is_smaller.then(|| Some((sum(large, unit, Quantity::new(more)?, other)?, after)))?
}

/// Returns the sum in the first unit, if both measure the same and neither is a range.
pub(crate) fn sum(one: Quantity, unit: Unit, more: Quantity, other: Unit) -> Option<Quantity> {
    if one.high().is_some() || more.high().is_some() {
        return None;
    }
    let ratio = if unit == other { num_rational::Ratio::ONE } else { other.in_units_of(unit)? };
    Quantity::new(one.low().checked_add(&more.low().checked_mul(&ratio)?)?)
}

/// An amount that fills a clause, as in brackets.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    pub(crate) amounts: Vec<Amount>,
    /// Whether it is the amount of each piece.
    pub(crate) each: bool,
    /// Whether it says that it is the amount of all pieces.
    pub(crate) total: bool,
}

impl Clause {
    /// Returns whether it has a length.
    pub(crate) fn is_length(&self) -> bool {
        self.amounts.iter().any(|amount| amount.unit.is_some_and(Unit::is_length))
    }
}

/// Reads a clause that is nothing but amounts: "about 12 ounces", "400 g each", "each 200 g/7 oz".
pub(crate) fn clause(cursor: Cursor<'_, '_>) -> Option<Clause> {
    let mut clause = Clause { amounts: Vec::new(), each: false, total: false };
    let mut cursor = cursor;
    loop {
        if let Some(after) = cursor.word(&["each", "apiece"]) {
            (clause.each, cursor) = (true, after);
        } else if let Some(after) = cursor.word(&["total", "altogether"]).filter(|_| !clause.amounts.is_empty()) {
            (clause.total, cursor) = (true, after);
        } else if cursor.peek().is_some_and(is_filler) {
            cursor = cursor.skip(1);
        } else if let Some((amount, after)) = amount(cursor) {
            clause.amounts.push(amount);
            cursor = after;
        } else {
            break;
        }
    }
    (cursor.is_empty() && !clause.amounts.is_empty()).then_some(clause)
}

fn is_filler(token: &Token<'_>) -> bool {
    let is_mark = matches!(token.kind, Kind::Mark('/' | '~' | ',' | ';' | '=' | '-' | '(' | ')'));
    is_mark || token.class.is(Class::APPROX.or(Class::SIZE)) || token.is("or") || token.is("per")
}

/// Reads the same amount in other units: "/9 oz", "(9 ounces)".
pub(crate) fn alternatives<'t, 'a>(cursor: Cursor<'t, 'a>, found: &mut Vec<Amount>) -> Cursor<'t, 'a> {
    let mut cursor = cursor;
    while let Some((amount, after)) = cursor.mark('/').or_else(|| cursor.mark('=')).and_then(amount) {
        found.push(amount);
        cursor = after;
    }
    cursor
}
