//! The amount that a line begins with.

use super::draft::Draft;
use super::measure::{self, is_pack};
use super::numeral;
use super::package::package;
use super::tail::tail;
use crate::cursor::Cursor;
use crate::lexicon::{self, Class};
use crate::number::Number;
use crate::parsed::Amount;
use crate::quantity::Quantity;
use crate::token::Token;
use crate::unit::{Measure, Unit};

/// Units that need no number and no "of": "small bunch herbs".
const ALONE: [&str; 6] = ["bunch", "sprig", "knob", "piece", "slice", "wedge"];

/// Reads the amount that a line begins with, and returns what is left.
pub(crate) fn head<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let start = approximate(cursor);
    let sizes = measure::sizes(start);
    let number = |place: Cursor<'t, 'a>| numeral::quantity(place).map(|(quantity, after)| (place, quantity, after));
    let Some((place, quantity, after)) = number(start).or_else(|| number(sizes)) else { return open(draft, cursor) };
    draft.note(cursor.until(start));
    draft.size(start.until(place));
    let rest = counted(draft, place, quantity, after);
    let each = rest.past(&["each"]);
    draft.note(rest.until(each));
    draft.lists = !rest.until(each).is_empty();
    each.past(&["of"])
}

/// Goes past "about" and "at least".
fn approximate<'t, 'a>(cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let is_approx = |token: &&Token<'_>| token.class.is(Class::APPROX) || token.is_mark('~');
    let after = cursor.skip(cursor.rest().iter().take_while(is_approx).count());
    let phrases = [("at", "least"), ("at", "most"), ("up", "to"), ("just", "under"), ("just", "over")];
    phrases.iter().find_map(|(first, next)| after.word(&[first])?.word(&[next])).unwrap_or(after)
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
        if quantity.low() > Number::ONE && sized.brackets().is_some() {
            draft.alternatives.push(package);
        } else {
            draft.package = Some(package);
        }
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
    let (quantity, next) = measure::smaller(quantity, unit, next).unwrap_or((quantity, next));
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
        draft.amount = Some(Amount { quantity: Quantity::new(Number::ONE), unit: Some(container) });
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
    if is_pack(unit) && after.word(&["or"]).and_then(measure::unit).is_some_and(|(other, _)| is_pack(other)) {
        return true;
    }
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
    let quantity = if is_one { Quantity::new(Number::ONE) } else { None };
    draft.size(after.until(sized));
    draft.amount = Some(Amount { quantity, unit: Some(unit) });
    let rest = tail(draft, unit, next);
    let each = rest.past(&["each"]);
    draft.note(rest.until(each));
    draft.lists = !rest.until(each).is_empty();
    each.past(&["of"])
}

/// Returns whether the unit is no word that stands alone.
fn is_mark_unit(unit: Unit) -> bool {
    unit.name() == "inch"
}
