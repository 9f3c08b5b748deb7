//! The amount that a line begins with.

use super::draft::Draft;
use super::measure::{self, is_pack};
use super::numeral;
use super::package::package;
use crate::cursor::Cursor;
use crate::lexicon::{self, Class};
use crate::parsed::Amount;
use crate::quantity::Quantity;
use crate::unit::{Measure, Unit};

/// Units that need no number and no "of": "small bunch herbs".
const ALONE: [&str; 6] = ["bunch", "sprig", "knob", "piece", "slice", "wedge"];

/// Reads the amount that a line begins with, and returns what is left.
pub(crate) fn head<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let approx = cursor.rest().iter().take_while(|token| token.class.is(Class::APPROX) || token.is_mark('~')).count();
    let start = cursor.skip(approx);
    let sizes = measure::sizes(start);
    let found = numeral::quantity(start).or_else(|| numeral::quantity(sizes));
    let Some((quantity, after)) = found else { return open(draft, cursor) };
    draft.note(cursor.until(start));
    if numeral::quantity(start).is_none() {
        draft.size(start.until(sizes));
    }
    let rest = counted(draft, if numeral::quantity(start).is_none() { sizes } else { start }, quantity, after);
    let each = rest.past(&["each"]);
    draft.note(rest.until(each));
    draft.lists = !rest.until(each).is_empty();
    each.past(&["of"])
}

/// Reads what follows a number: packages, sizes, unit, other units.
fn counted<'t, 'a>(
    draft: &mut Draft<'t, 'a>,
    start: Cursor<'t, 'a>,
    quantity: Quantity,
    after: Cursor<'t, 'a>,
) -> Cursor<'t, 'a> {
    if let Some((quantity, package, after)) = package(start, quantity, after) {
        draft.package = Some(package);
        return container(draft, quantity, measure::alternatives(after, &mut Vec::new()));
    }
    let after = after.word(&["x"]).or_else(|| after.mark('×')).unwrap_or(after);
    let sized = measure::sizes(after);
    let packed = packed(sized);
    if let Some((quantity, package, next)) = package(start, quantity, sized).filter(|_| sized.rest().len() < after.rest().len()) {
        draft.size(after.until(sized));
        draft.package = Some(package);
        return container(draft, quantity, measure::alternatives(next, &mut Vec::new()));
    }
    let hyphen = packed.mark('-');
    let found = measure::unit(hyphen.unwrap_or(packed)).filter(|(unit, next)| is_unit(*unit, *next));
    let Some((unit, next)) = found else {
        draft.amount = Some(Amount { quantity: Some(quantity), unit: None });
        return after;
    };
    draft.size(after.until(sized));
    draft.note(sized.until(packed));
    let (quantity, next) = measure::same_unit_range(quantity, unit, next).unwrap_or((quantity, next));
    measured(draft, Amount { quantity: Some(quantity), unit: Some(unit) }, next, hyphen.is_some())
}

/// Reads what follows a unit. A measure before a container is what one container holds: "400 g can", "5-inch piece".
fn measured<'t, 'a>(draft: &mut Draft<'t, 'a>, amount: Amount, after: Cursor<'t, 'a>, hyphen: bool) -> Cursor<'t, 'a> {
    let mut others = Vec::new();
    let next = measure::alternatives(after, &mut others);
    let (Some(quantity), Some(unit)) = (amount.quantity, amount.unit) else { return after };
    let sized = measure::sizes(next.mark('-').unwrap_or(next));
    let container = measure::unit(sized).filter(|(container, after)| {
        let fits = match unit.measure() {
            Measure::Millimetres(_) => true,
            _ => is_pack(*container) || hyphen,
        };
        unit.is_sized() && !container.is_sized() && fits && is_unit(*container, *after)
    });
    if let Some((container, after)) = container {
        draft.size(next.until(sized));
        draft.package = Some(amount);
        draft.amount = Some(Amount { quantity: Quantity::new(crate::number::Number::ONE), unit: Some(container) });
        return tail(draft, container, after);
    }
    draft.amount = Some(Amount { quantity: Some(quantity), unit: Some(unit) });
    tail(draft, unit, after)
}

/// Reads the container after a package, if there is one: "2 x 400 g cans".
fn container<'t, 'a>(draft: &mut Draft<'t, 'a>, quantity: Quantity, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let after = cursor.mark('-').unwrap_or(cursor);
    let sized = measure::sizes(after);
    let found = measure::unit(sized).filter(|(unit, next)| !unit.is_sized() && (is_pack(*unit) || is_unit(*unit, *next)));
    draft.amount = Some(Amount { quantity: Some(quantity), unit: found.map(|(unit, _)| unit) });
    let Some((unit, next)) = found else { return after };
    draft.size(after.until(sized));
    tail(draft, unit, next)
}

/// Reads what follows the unit: other units, brackets with amounts, and amounts that are added.
fn tail<'t, 'a>(draft: &mut Draft<'t, 'a>, unit: Unit, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let mut cursor = measure::alternatives(cursor, &mut draft.alternatives);
    loop {
        if let Some((amount, after)) = added(cursor) {
            let sum = draft.amount.and_then(|one| measure::sum(one.quantity?, one.unit?, amount.quantity?, amount.unit?));
            match sum {
                Some(sum) => draft.amount = Some(Amount { quantity: Some(sum), unit: Some(unit) }),
                None => draft.note(cursor.until(after)),
            }
            cursor = after;
        } else if let Some((clause, after)) = cursor.brackets().and_then(|(inner, after)| Some((measure::clause(inner)?, after)))
        {
            if is_pack(unit) && draft.package.is_none() {
                draft.package = clause.amounts.first().copied();
            } else {
                draft.clause(clause);
            }
            cursor = measure::alternatives(after, &mut draft.alternatives);
        } else if let Some((inner, after)) = cursor.brackets() {
            draft.note(inner.rest());
            cursor = measure::alternatives(after, &mut draft.alternatives);
        } else if let Some((amount, after)) = other(cursor) {
            draft.alternatives.push(amount);
            cursor = after;
        } else {
            return cursor;
        }
    }
}

/// Reads "plus 2 tablespoons", unless that is more for another purpose.
fn added<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Amount, Cursor<'t, 'a>)> {
    let next = cursor.word(&["plus", "and"]).or_else(|| cursor.mark('+')).or_else(|| cursor.mark('&'))?;
    let (amount, after) = measure::amount(next)?;
    (after.word(&["more", "extra", "for", "to"]).is_none() && after.peek().is_some_and(|token| !token.is_mark(',')))
        .then_some((amount, after))
}

/// Reads "or 240 ml" before a food.
fn other<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Amount, Cursor<'t, 'a>)> {
    let (amount, after) = measure::amount(cursor.word(&["or"])?)?;
    let sized = amount.unit.is_some_and(Unit::is_sized);
    (sized && after.peek().is_some_and(|token| token.is_word() && !token.class.is(Class::START))).then_some((amount, after))
}

/// Goes past "firmly packed" and "lengthwise".
fn packed<'t, 'a>(cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let adverbs = cursor.rest().iter().take_while(|token| token.class.is(Class::ADVERB)).count();
    cursor.skip(adverbs).past(&["packed", "filled"])
}

/// Returns whether a word is a unit where it stands: a measure always is, a piece only before a food.
fn is_unit(unit: Unit, after: Cursor<'_, '_>) -> bool {
    if unit.is_sized() || unit.measure() == Measure::Vague {
        return true;
    }
    let after = after.brackets().map_or(after, |(_, after)| after);
    let after = measure::alternatives(after, &mut Vec::new());
    after.past(&["each"]).past(&["of"]).peek().is_some_and(|next| {
        next.is_word() && !next.class.is(Class::START) && !lexicon::is_food(unit.name(), &next.key) && !next.class.is(Class::LINK)
    })
}

/// Reads an amount without a number: "a few sprigs", "some", "handful of".
fn open<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let article = cursor.past(&["a", "an"]);
    let open = article.peek().filter(|token| token.class.is(Class::OPEN)).map(|_| article.skip(1));
    let after = open.or_else(|| cursor.word(&["some"])).unwrap_or(cursor);
    let sized = measure::sizes(after);
    let token = sized.peek();
    let unit = measure::unit(sized).filter(|(unit, next)| {
        let alone = ALONE.contains(&unit.name()) || unit.measure() == Measure::Vague || open.is_some();
        next.word(&["of"]).is_some() && !is_mark_unit(*unit) || alone && !unit.is_sized() && is_unit(*unit, *next)
    });
    if open.is_some() {
        draft.note(cursor.until(after));
    }
    let Some((unit, next)) = unit else { return after.past(&["of"]) };
    let is_one = open.is_none() && token.is_some_and(|token| !token.is(unit.plural()));
    let quantity = if is_one { Quantity::new(crate::number::Number::ONE) } else { None };
    draft.size(after.until(sized));
    draft.amount = Some(Amount { quantity, unit: Some(unit) });
    tail(draft, unit, next).past(&["of"])
}

/// Returns whether the unit is no word that stands alone.
fn is_mark_unit(unit: Unit) -> bool {
    unit.name() == "inch"
}
