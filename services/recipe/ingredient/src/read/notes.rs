//! Notes after the food, and in brackets.

use super::draft::Draft;
use super::head::head;
use super::measure;
use super::numeral;
use super::run::{participles, precedes_food};
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::token::{Kind, Token};

/// Reads what is in brackets before `after`: amounts, another name of the food, or a note.
pub(crate) fn bracket<'t, 'a>(draft: &mut Draft<'t, 'a>, inner: Cursor<'t, 'a>, after: Cursor<'t, 'a>) {
    if let Some(clause) = measure::clause(inner) {
        return draft.clause(clause);
    }
    if !draft.food.is_empty() && is_name(inner, after) {
        return draft.food.extend(inner.rest());
    }
    piece(draft, inner);
}

/// Returns whether the words are another name of the food: "(cilantro)". Adjectives are, before the food: "(icing) sugar".
fn is_name(inner: Cursor<'_, '_>, after: Cursor<'_, '_>) -> bool {
    let remark = [Class::PREP, Class::ADVERB, Class::START, Class::SIZE, Class::APPROX, Class::REMARK];
    let remark = remark.into_iter().fold(Class::default(), Class::or);
    let is_plain = |token: &Token<'_>| token.is_word() && !token.text.contains('%') && !token.class.is(remark);
    let adjectives = inner.rest().iter().all(|token| token.class.is(Class::STATE.or(Class::MADE)));
    inner.rest().len() <= 3 && inner.rest().iter().all(is_plain) && (!adjectives || precedes_food(after))
}

/// Reads notes to the end of the line. A piece that is an amount is no note.
pub(crate) fn notes<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) {
    let mut cursor = cursor;
    while !cursor.is_empty() {
        let end = end_of_piece(cursor);
        piece(draft, Cursor::new(cursor.until(end)));
        cursor = end.skip(1);
    }
}

/// Returns the place of the next comma or semicolon outside brackets.
fn end_of_piece<'t, 'a>(cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let mut cursor = cursor;
    while let Some(token) = cursor.peek() {
        if let Some((_, after)) = cursor.brackets() {
            cursor = after;
        } else if token.is_mark(',') || token.is_mark(';') || token.is_mark(':') && numeral::quantity(cursor.skip(1)).is_some() {
            break;
        } else {
            cursor = cursor.skip(1);
        }
    }
    cursor
}

/// Reads one piece of a note.
fn piece<'t, 'a>(draft: &mut Draft<'t, 'a>, piece: Cursor<'t, 'a>) {
    if let Some(clause) = measure::clause(piece) {
        return draft.clause(clause);
    }
    if draft.amount.is_none() && amount_piece(draft, piece) {
        return;
    }
    let mut words = Vec::new();
    let mut cursor = piece;
    while let Some(token) = cursor.peek() {
        if let Some(after) = bracketed_amount(draft, cursor) {
            cursor = after;
        } else {
            words.push(token.clone());
            cursor = cursor.skip(1);
        }
    }
    draft.note(&words);
}

/// Reads an amount in brackets. A length is left to the note, which tells of pieces of that size.
fn bracketed_amount<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let (inner, after) = cursor.brackets()?;
    match measure::clause(inner) {
        Some(clause) if !clause.is_length() => draft.clause(clause),
        None if draft.amount.is_none() && amount_piece(draft, inner) => {}
        _ => return None,
    }
    Some(after)
}

/// Reads the amount of a food that was named first: "bananas, 2 cups", "eggs: 3 large".
fn amount_piece<'t, 'a>(draft: &mut Draft<'t, 'a>, piece: Cursor<'t, 'a>) -> bool {
    let mut read = Draft::of_named();
    let rest = head(&mut read, piece.past(&["x"]));
    let sized = measure::sizes(rest);
    let states = sized.skip(sized.rest().iter().take_while(|token| token.class.is(Class::STATE)).count());
    let after = participles(states).unwrap_or(states);
    let is_open = piece.past(&["a", "an"]).peek().is_some_and(|token| token.class.is(Class::OPEN) || token.is("some"));
    if !after.is_empty() || read.amount.is_none_or(|amount| amount.quantity.is_none() && !is_open) {
        return false;
    }
    read.size(rest.until(sized));
    read.note(sized.rest());
    draft.merge(read);
    true
}

/// Returns whether an amount follows the food, and nothing but notes follows that: "butter 100 g", "eggs x 2".
pub(crate) fn amount<'t, 'a>(draft: &Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> bool {
    let start = cursor.past(&["x"]);
    let times = start.rest().len() < cursor.rest().len();
    if draft.amount.is_some() || !start.peek().is_some_and(|token| matches!(token.kind, Kind::Number { .. })) {
        return false;
    }
    let mut read = Draft::of_named();
    let rest = head(&mut read, start);
    let end = measure::sizes(rest);
    let is_end = end.peek().is_none_or(|token| token.is_mark(',') || token.is_mark('('));
    let is_counted = times || end.is_empty() || read.amount.is_some_and(|amount| amount.unit.is_some());
    is_end && is_counted
}
