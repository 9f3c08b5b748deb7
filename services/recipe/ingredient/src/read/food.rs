//! The food, and the notes around it.

use super::draft::Draft;
use super::head::head;
use super::list::continues;
use super::measure::{self, Clause};
use super::notes::{self, notes};
use super::numeral;
use super::run::{begins_food, is_freshly, participles, precedes_food, starts_note};
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::token::{Kind, Token};
use crate::unit::Unit;

/// Reads the food and all notes to the end of the line.
pub(crate) fn food<'t, 'a>(draft: &mut Draft<'t, 'a>, start: Cursor<'t, 'a>) {
    let mut cursor = start;
    let mut before_noun = true;
    let mut keeps = false;
    while let Some(token) = cursor.peek() {
        if let Some((inner, after)) = cursor.brackets() {
            if token.glued && inner.rest().len() == 1 && !draft.food.is_empty() {
                draft.food.extend(cursor.until(after));
                cursor = after;
                continue;
            }
            notes::bracket(draft, inner, after);
            cursor = after;
            continue;
        }
        if let Some(after) = separator(cursor) {
            if !continues(draft, cursor, after) {
                return notes(draft, after);
            }
            draft.food.push(token);
            (cursor, before_noun, keeps) = (after, true, false);
            continue;
        }
        if before_noun && let Some(after) = other_state(draft, cursor) {
            cursor = after;
            continue;
        }
        if !draft.food.is_empty() && (starts_note(cursor) && !(before_noun && token.is("but")) || notes::amount(draft, cursor)) {
            return notes(draft, cursor);
        }
        if before_noun && let Some(after) = modifier(draft, cursor, keeps) {
            keeps |= token.class.is(Class::MADE) || token.class.is(Class::STATE) && !token.is("fresh");
            cursor = after;
            continue;
        }
        if !before_noun && participles(cursor).is_some_and(|after| !precedes_food(after)) {
            return notes(draft, cursor);
        }
        before_noun = token.is("and") || token.is_mark('&') || token.is("or") && !precedes_participle(cursor.skip(1));
        keeps = false;
        draft.lists |= token.is_mark(':');
        draft.food.push(token);
        cursor = cursor.skip(1);
    }
}

/// Reads one modifier before the noun: a size, participles, or an adjective, which is part of the food.
fn modifier<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>, keeps: bool) -> Option<Cursor<'t, 'a>> {
    let token = cursor.peek()?;
    let next = cursor.skip(1);
    if begins_food(cursor) {
        return None;
    }
    if let Some((amount, after)) =
        measure::amount(cursor).filter(|(amount, after)| amount.unit.is_some_and(Unit::is_sized) && precedes_food(*after))
    {
        draft.clause(Clause { amounts: vec![amount], each: true, total: false });
        let rest = pieces(draft, after).unwrap_or(after);
        draft.note(after.until(rest));
        return Some(rest);
    }
    if let Some(after) = size(cursor) {
        let rest = alternative_size(after).unwrap_or(after);
        let rest = rest.mark(',').unwrap_or(rest);
        let rest = pieces(draft, rest).unwrap_or(rest);
        return precedes_food(rest).then(|| {
            draft.size(cursor.until(after));
            draft.note(after.until(rest));
            rest
        });
    }
    let is_bought = token.class.is(Class::STATE.or(Class::MADE)) && !is_freshly(cursor);
    let keeps =
        token.class.is(Class::PREP) && (keeps || token.class.is(Class::TINNED) && is_tinned(draft) && precedes_food(next));
    if !is_bought
        && !keeps
        && let Some(after) = participles(cursor)
    {
        let rest = after.mark(',').filter(|_| draft.food.is_empty()).unwrap_or(after);
        return precedes_food(rest).then(|| {
            draft.note(cursor.until(after));
            rest
        });
    }
    is_bought.then(|| {
        draft.food.push(token);
        next
    })
}

/// Reads what the food is cut into, after a measure and a size: "cubes" in "2 cups 1-inch cubes bread".
fn pieces<'t, 'a>(draft: &Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let measured = draft.amount.and_then(|amount| amount.unit).is_some_and(Unit::is_sized);
    let (_, after) = measure::unit(cursor).filter(|(unit, _)| measured && matches!(unit.name(), "cube" | "chunk" | "piece"))?;
    let after = after.past(&["of"]);
    (draft.food.is_empty() && precedes_food(after)).then_some(after)
}

/// Returns whether the food is in tins, in which diced tomatoes are sold.
fn is_tinned(draft: &Draft<'_, '_>) -> bool {
    let unit = draft.amount.and_then(|amount| amount.unit);
    unit.is_some_and(|unit| matches!(unit.name(), "can" | "tin"))
}

/// Reads "or 1 teaspoon dried" after "fresh", before the food.
fn other_state<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let bought = |token: &Token<'_>| token.class.is(Class::STATE.or(Class::MADE));
    let mut other = Draft::default();
    let after = head(&mut other, cursor.word(&["or"])?);
    other.amount?.unit?;
    let rest = after.skip(after.rest().iter().take_while(|token| bought(token)).count());
    let fits = !draft.food.is_empty() && draft.food.iter().all(|token| bought(token)) && rest.rest().len() < after.rest().len();
    (fits && precedes_food(rest)).then(|| {
        draft.note(cursor.until(rest));
        rest
    })
}

/// Reads a size: "large", "extra large", "medium to large".
fn size<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let is_size =
        |cursor: Cursor<'t, 'a>| cursor.peek().filter(|token| token.class.is(Class::SIZE)).map(|_| cursor.skip(1).past_point());
    let first = cursor.word(&["extra", "very"]).and_then(is_size).or_else(|| is_size(cursor))?;
    let range = first.word(&["to", "or", "and"]).or_else(|| first.mark('-')).or_else(|| first.mark('/'));
    Some(range.and_then(is_size).unwrap_or(first))
}

/// Reads "or 2 small", after a size.
fn alternative_size<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let (_, after) = numeral::quantity(cursor.word(&["or", "to"])?)?;
    size(after)
}

/// Returns whether a participle comes next, which is part of the food in "olive oil or melted butter".
fn precedes_participle(cursor: Cursor<'_, '_>) -> bool {
    cursor.peek().is_some_and(|token| token.class.is(Class::PREP))
}

/// Returns the place after a comma, a semicolon or a dash with spaces.
fn separator<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let token = cursor.peek()?;
    let work = |next: &Token<'_>| !next.glued && next.class.is(Class::PREP.or(Class::ADVERB));
    let spaced = || !token.glued || cursor.peek_at(1).is_some_and(work);
    match token.kind {
        Kind::Mark(',' | ';') => Some(cursor.skip(1)),
        Kind::Mark('-') if spaced() => Some(cursor.skip(1)),
        Kind::Mark(mark @ (':' | '=' | '.' | '…')) => {
            let after = cursor.skip(cursor.rest().iter().take_while(|token| token.is_mark(mark)).count());
            numeral_follows(after).then_some(after)
        }
        _ => None,
    }
}

fn numeral_follows(cursor: Cursor<'_, '_>) -> bool {
    numeral::quantity(cursor).is_some()
}
