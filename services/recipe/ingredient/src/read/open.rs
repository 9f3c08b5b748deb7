//! Amounts without a number.

use super::container::is_unit;
use super::draft::Draft;
use super::measure;
use super::tail::tail;
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::number::Number;
use crate::parsed::Amount;
use crate::quantity::Quantity;
use crate::unit::Measure;

/// Units that need no number and no "of": "small bunch herbs".
const ALONE: [&str; 6] = ["bunch", "sprig", "knob", "piece", "slice", "wedge"];

/// Reads an amount without a number: "a few sprigs", "some", "handful of".
pub(crate) fn open<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let article = cursor.past(&["a", "an"]);
    let open = article.peek().filter(|token| token.class.is(Class::OPEN)).map(|_| article.skip(1));
    let after = open.or_else(|| cursor.word(&["some"])).unwrap_or(cursor);
    let sized = measure::sizes(after);
    let unit = measure::unit(sized).filter(|(unit, next)| {
        let alone = ALONE.contains(&unit.name()) || unit.measure() == Measure::Vague || open.is_some();
        let is_length = unit.is_length();
        next.word(&["of"]).is_some() && !is_length || alone && !unit.is_sized() && is_unit(draft, *unit, *next)
    });
    if open.is_some() {
        draft.note(cursor.until(after));
    }
    let Some((unit, next)) = unit else { return after.past(&["of"]) };
    let is_one = open.is_none() && sized.peek().is_some_and(|token| !token.is(unit.plural()));
    let quantity = if is_one { Quantity::new(Number::ONE) } else { None };
    draft.size(after.until(sized));
    draft.amount = Some(Amount { quantity, unit: Some(unit) });
    tail(draft, unit, next)
}
