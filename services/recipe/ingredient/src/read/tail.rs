//! What follows the unit.

use super::container::{is_pack, other_pack};
use super::draft::Draft;
use super::measure;
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::parsed::Amount;
use crate::unit::Unit;

/// Reads what follows the unit: other units, brackets with amounts, and amounts that are added.
pub(crate) fn tail<'t, 'a>(draft: &mut Draft<'t, 'a>, unit: Unit, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let mut cursor = measure::alternatives(cursor, &mut draft.alternatives);
    loop {
        if let Some((amount, after)) = added(draft.named, cursor) {
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
        } else if let Some((_, after)) = cursor.word(&["minus", "less"]).and_then(measure::amount) {
            draft.note(cursor.until(after));
            cursor = after;
        } else if let Some((amount, after)) = held(unit, cursor) {
            draft.package = Some(amount);
            cursor = after;
        } else if let Some((inner, after)) = cursor.brackets() {
            draft.note(inner.rest());
            cursor = measure::alternatives(after, &mut draft.alternatives);
        } else if let Some((amount, after)) = other(cursor) {
            draft.alternatives.push(amount);
            cursor = after;
        } else if let Some(after) = other_pack(unit, cursor) {
            draft.note(cursor.until(after));
            cursor = after;
        } else {
            return cursor;
        }
    }
}

/// Reads what one container holds, after it: "of 400 g", "x 400 g".
fn held<'t, 'a>(unit: Unit, cursor: Cursor<'t, 'a>) -> Option<(Amount, Cursor<'t, 'a>)> {
    let next = cursor.word(&["of", "x"]).or_else(|| cursor.mark('×')).filter(|_| is_pack(unit))?;
    measure::amount(next).filter(|(amount, _)| amount.unit.is_some_and(Unit::is_sized))
}

/// Reads "plus 2 tablespoons", unless that is more for another purpose. `named` is whether the food stands before.
fn added<'t, 'a>(named: bool, cursor: Cursor<'t, 'a>) -> Option<(Amount, Cursor<'t, 'a>)> {
    let next = cursor.word(&["plus", "and"]).or_else(|| cursor.mark('+')).or_else(|| cursor.mark('&'))?;
    let (amount, after) = measure::amount(next)?;
    let extra = after.word(&["extra"]).is_some_and(|next| next.word(&["virgin"]).is_none());
    let is_food = after.peek().map_or(named, |token| !token.is_mark(','));
    (after.word(&["more", "for", "to"]).is_none() && !extra && is_food).then_some((amount, after))
}

/// Reads "or 240 ml" before a food.
fn other<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Amount, Cursor<'t, 'a>)> {
    let (amount, after) = measure::amount(cursor.word(&["or"])?)?;
    let sized = amount.unit.is_some_and(Unit::is_sized);
    (sized && after.peek().is_some_and(|token| token.is_word() && !token.class.is(Class::START))).then_some((amount, after))
}
