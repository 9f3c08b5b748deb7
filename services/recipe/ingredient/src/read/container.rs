//! Units where they stand: a measure is one everywhere, a piece only before a food.

use super::draft::Draft;
use super::measure;
use super::numeral;
use super::run::begins_food;
use crate::cursor::Cursor;
use crate::lexicon::{self, Class};
use crate::unit::{Measure, Unit};

/// A unit after a number.
pub(crate) struct Counted<'t, 'a> {
    pub(crate) unit: Unit,
    /// Where the adjectives of the food before the unit begin, which are in the food already: "2 fresh sprigs mint".
    pub(crate) states: Cursor<'t, 'a>,
    /// Whether there is a hyphen before the unit.
    pub(crate) hyphen: bool,
    pub(crate) after: Cursor<'t, 'a>,
}

/// Reads a unit after a number and sizes: "cups", "firmly packed cups", "-pound", "fresh sprigs".
pub(crate) fn counted<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Option<Counted<'t, 'a>> {
    let adverbs = cursor.rest().iter().take_while(|token| token.class.is(Class::ADVERB)).count();
    let packed = cursor.skip(adverbs).past(&["packed", "filled"]);
    let hyphen = packed.mark('-');
    if let Some((unit, after)) = measure::unit(hyphen.unwrap_or(packed)).filter(|(unit, after)| is_unit(draft, *unit, *after)) {
        return Some(Counted { unit, states: packed, hyphen: hyphen.is_some(), after });
    }
    let states = packed.rest().iter().take_while(|token| token.class.is(Class::STATE)).count();
    if (0..states).any(|index| begins_food(packed.skip(index))) {
        return None;
    }
    let (unit, after) = measure::unit(packed.skip(states))
        .filter(|(unit, after)| unit.measure() == Measure::Piece && is_unit(draft, *unit, *after))?;
    let whole = packed.past(&["whole"]);
    draft.food.extend(whole.until(packed.skip(states)));
    Some(Counted { unit, states: whole, hyphen: false, after })
}

/// Reads the container that holds a measure: "can" in "400 g can". Returns it, the place after sizes, and the place after it.
pub(crate) fn of_measure<'t, 'a>(
    draft: &Draft<'t, 'a>,
    unit: Unit,
    hyphen: bool,
    cursor: Cursor<'t, 'a>,
) -> Option<(Unit, Cursor<'t, 'a>, Cursor<'t, 'a>)> {
    let sized = measure::sizes(cursor.mark('-').unwrap_or(cursor));
    let (container, after) = measure::unit(sized)?;
    let fits = unit.is_length() || is_pack(container) || hyphen;
    (unit.is_sized() && !container.is_sized() && fits && is_unit(draft, container, after)).then_some((container, sized, after))
}

/// Reads the container after what one holds: "cans" in "2 x 400 g cans".
pub(crate) fn of_package<'t, 'a>(draft: &Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Option<(Unit, Cursor<'t, 'a>)> {
    measure::unit(cursor).filter(|(unit, after)| !unit.is_sized() && (is_pack(*unit) || is_unit(draft, *unit, *after)))
}

/// Returns whether a unit is a container.
pub(crate) fn is_pack(unit: Unit) -> bool {
    unit.measure() == Measure::Pack
}

/// Returns whether a word is a unit before `after`. A piece is one before a food, or after a food that was named first.
pub(crate) fn is_unit(draft: &Draft<'_, '_>, unit: Unit, after: Cursor<'_, '_>) -> bool {
    if after.peek().is_some_and(|next| lexicon::is_food(unit.name(), &next.key)) {
        return false;
    }
    if unit.is_sized() || unit.measure() == Measure::Vague {
        return true;
    }
    let after = after.brackets().map_or(after, |(_, after)| after);
    let is_end =
        |after: Cursor<'_, '_>| after.peek().is_none_or(|next| next.is_mark(',') || next.class.is(Class::PREP.or(Class::ADVERB)));
    if draft.named && is_end(after) {
        return true;
    }
    if other_pack(unit, after).is_some() {
        return true;
    }
    // "a clove or two of garlic".
    if numeral::upper(after).is_some_and(|(_, rest)| rest.word(&["of"]).is_some()) {
        return true;
    }
    let after = measure::alternatives(after, &mut Vec::new());
    let times = after.word(&["x"]).is_some() && is_pack(unit);
    times
        || after.past(&["each"]).past(&["of"]).peek().is_some_and(|next| {
            let is_amount = is_pack(unit) && measure::amount(after.past(&["of"])).is_some();
            let is_food = next.is_word() && !next.class.is(Class::START.or(Class::LINK));
            is_food || is_amount
        })
}

/// Reads "or bottle" after "can".
pub(crate) fn other_pack<'t, 'a>(unit: Unit, after: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let next = after.word(&["or"]).or_else(|| after.mark('/')).filter(|_| is_pack(unit))?;
    measure::unit(next).filter(|(other, _)| is_pack(*other)).map(|(_, after)| after)
}
