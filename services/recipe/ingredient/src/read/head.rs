//! The amount that a line begins with.

use super::container::{self, Counted};
use super::draft::Draft;
use super::measure;
use super::numeral;
use super::open::open;
use super::package::package;
use super::tail::tail;
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::number::Number;
use crate::parsed::Amount;
use crate::quantity::Quantity;
use crate::token::Token;

/// Phrases before an amount.
const APPROXIMATE: [(&str, &str); 5] = [("at", "least"), ("at", "most"), ("up", "to"), ("just", "under"), ("just", "over")];

/// Reads the amount that a line begins with, and returns what is left.
pub(crate) fn head<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let start = approximate(cursor);
    let sizes = measure::sizes(start);
    let number = |place: Cursor<'t, 'a>| numeral::quantity(place).map(|(quantity, after)| (place, quantity, after));
    let Some((place, quantity, after)) = number(start).or_else(|| number(sizes)) else { return each(draft, cursor, open) };
    draft.note(cursor.until(start));
    draft.size(start.until(place));
    each(draft, after, |draft, after| counted(draft, place, quantity, after))
}

/// Reads an amount, and "each of" after it.
fn each<'t, 'a>(
    draft: &mut Draft<'t, 'a>,
    cursor: Cursor<'t, 'a>,
    amount: impl FnOnce(&mut Draft<'t, 'a>, Cursor<'t, 'a>) -> Cursor<'t, 'a>,
) -> Cursor<'t, 'a> {
    let rest = amount(draft, cursor);
    let or = rest.word(&["or"]).and_then(|after| after.word(&["more", "so"]));
    let rest = or.inspect(|after| draft.note(rest.until(*after))).unwrap_or(rest);
    let each = rest.past(&["each"]);
    draft.note(rest.until(each));
    draft.lists = !rest.until(each).is_empty();
    each.past(&["of"])
}

/// Goes past "about" and "at least".
fn approximate<'t, 'a>(cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let is_approx = |token: &&Token<'_>| token.class.is(Class::APPROX) || token.is_mark('~') || token.is_mark('.') && token.glued;
    let after = cursor.skip(cursor.rest().iter().take_while(is_approx).count());
    APPROXIMATE.iter().find_map(|(first, next)| after.word(&[first])?.word(&[next])).unwrap_or(after)
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
        return packed(draft, quantity, after);
    }
    let more = after.word(&["or"]).and_then(|after| after.word(&["more", "so"]));
    let after = more.inspect(|more| draft.note(after.until(*more))).unwrap_or(after);
    let after = after.word(&["x"]).or_else(|| after.mark('×')).unwrap_or(after);
    let sized = measure::sizes(after);
    let is_sized = !after.until(sized).is_empty();
    if let Some((quantity, package, next)) = package(start, quantity, sized).filter(|_| is_sized) {
        draft.size(after.until(sized));
        // "2 large (1 pound) eggplants" weigh as much together.
        if quantity.low() > Number::ONE && sized.brackets().is_some() {
            draft.alternatives.push(package);
        } else {
            draft.package = Some(package);
        }
        return packed(draft, quantity, next);
    }
    let Some(Counted { unit, states, hyphen, after: next }) = container::counted(draft, sized) else {
        draft.amount = Some(Amount { quantity: Some(quantity), unit: None });
        return after;
    };
    draft.size(after.until(sized));
    draft.note(sized.until(states));
    let (quantity, next) = measure::more(quantity, unit, next);
    measured(draft, Amount { quantity: Some(quantity), unit: Some(unit) }, next, hyphen)
}

/// Reads what follows a unit. A measure before a container is what one container holds: "400 g can", "5-inch piece", "400 g x 2".
fn measured<'t, 'a>(draft: &mut Draft<'t, 'a>, amount: Amount, after: Cursor<'t, 'a>, hyphen: bool) -> Cursor<'t, 'a> {
    let next = measure::alternatives(after, &mut Vec::new());
    let Some(unit) = amount.unit else { return after };
    let times = next.word(&["x"]).or_else(|| next.mark('×')).and_then(numeral::quantity).filter(|_| unit.is_sized());
    if let Some((quantity, next)) = times {
        draft.package = Some(amount);
        return packed(draft, quantity, next);
    }
    if let Some((container, sized, after)) = container::of_measure(draft, unit, hyphen, next) {
        draft.size(next.until(sized));
        draft.package = Some(amount);
        draft.amount = Some(Amount { quantity: Quantity::new(Number::ONE), unit: Some(container) });
        return tail(draft, container, after);
    }
    draft.amount = Some(amount);
    tail(draft, unit, after)
}

/// Reads the container after a package, if there is one: "2 x 400 g cans".
fn packed<'t, 'a>(draft: &mut Draft<'t, 'a>, quantity: Quantity, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let cursor = measure::alternatives(cursor, &mut Vec::new());
    let other = cursor.brackets().filter(|(inner, _)| measure::clause(*inner).is_some());
    let cursor = other.map_or(cursor, |(_, after)| after);
    let after = cursor.mark('-').unwrap_or(cursor);
    let sized = measure::sizes(after);
    let found = container::of_package(draft, sized);
    draft.amount = Some(Amount { quantity: Some(quantity), unit: found.map(|(unit, _)| unit) });
    let Some((unit, next)) = found else { return after };
    draft.size(after.until(sized));
    tail(draft, unit, next)
}
