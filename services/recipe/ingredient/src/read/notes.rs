//! Notes after the food, and in brackets.

use super::draft::Draft;
use super::head::head;
use super::measure;
use super::run::participles;
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::token::Token;

/// Words that make a note of what is in brackets.
const REMARKS: [&str; 18] = [
    "or",
    "and",
    "if",
    "in",
    "to",
    "from",
    "with",
    "packed",
    "drained",
    "both",
    "your",
    "my",
    "i",
    "you",
    "bought",
    "only",
    "available",
    "needed",
];

/// Reads what is in brackets: amounts, another name of the food, or a note.
pub(crate) fn bracket<'t, 'a>(draft: &mut Draft<'t, 'a>, inner: Cursor<'t, 'a>) {
    if let Some(clause) = measure::clause(inner) {
        return draft.clause(clause);
    }
    if !draft.food.is_empty() && is_name(inner) {
        return draft.food.extend(inner.rest());
    }
    piece(draft, inner);
}

/// Returns whether the words are another name of the food: "(cilantro)".
fn is_name(inner: Cursor<'_, '_>) -> bool {
    let remark = Class::PREP.or(Class::ADVERB).or(Class::START).or(Class::SIZE).or(Class::APPROX);
    let is_plain = |token: &Token<'_>| {
        token.is_word() && !token.text.contains('%') && !token.class.is(remark) && !REMARKS.iter().any(|word| token.is(word))
    };
    inner.rest().len() <= 3 && inner.rest().iter().all(is_plain)
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
        } else if token.is_mark(',') || token.is_mark(';') {
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
        match cursor.brackets().and_then(|(inner, after)| Some((measure::clause(inner)?, after))) {
            Some((clause, after)) => {
                draft.clause(clause);
                cursor = after;
            }
            None => {
                words.push(token.clone());
                cursor = cursor.skip(1);
            }
        }
    }
    draft.note(&words);
}

/// Reads the amount of a food that was named first: "bananas, 2 cups", "eggs: 3 large".
fn amount_piece<'t, 'a>(draft: &mut Draft<'t, 'a>, piece: Cursor<'t, 'a>) -> bool {
    let mut read = Draft::default();
    let rest = head(&mut read, piece);
    let sized = measure::sizes(rest);
    let after = participles(sized).unwrap_or(sized);
    if read.amount.is_none_or(|amount| amount.quantity.is_none()) || !after.is_empty() {
        return false;
    }
    read.size(rest.until(sized));
    read.note(sized.rest());
    draft.merge(read);
    true
}

/// Reads an amount right after the food, if nothing but notes follows it: "butter 100 g".
pub(crate) fn amount<'t, 'a>(draft: &Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> bool {
    if draft.amount.is_some() || !cursor.peek().is_some_and(|token| matches!(token.kind, crate::token::Kind::Number { .. })) {
        return false;
    }
    let mut read = Draft::default();
    let rest = head(&mut read, cursor);
    let is_end = rest.peek().is_none_or(|token| token.is_mark(',') || token.is_mark('('));
    is_end && read.amount.is_some_and(|amount| amount.unit.is_some())
}
