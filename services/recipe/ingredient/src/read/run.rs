//! Runs of participles, and what begins a food or a note.

use super::numeral;
use crate::cursor::Cursor;
use crate::lexicon::{self, Class};
use crate::token::Token;

/// Reads participles with their adverbs: "peeled, cored and finely chopped".
pub(crate) fn participles<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let mut end = None;
    let mut cursor = cursor;
    let mut place = Place::First;
    while let Some(after) = participle(cursor, place) {
        end = Some(after);
        place = if after.word(&["and", "or"]).is_some() { Place::Joined } else { Place::Next };
        let joint = after
            .word(&["and", "or", "then", "but"])
            .or_else(|| after.mark(','))
            .or_else(|| after.mark('&'))
            .or_else(|| after.mark('/'));
        cursor = joint.map_or(after, |after| after.past(&["and", "then"]));
    }
    end
}

/// Where a participle stands in a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    /// After "and" or "or".
    Joined,
    /// After a comma, or right after another participle.
    Next,
}

/// Reads one participle. One that also says what is bought is part of the food that follows it, unless it has an adverb: "ground".
fn participle<'t, 'a>(cursor: Cursor<'t, 'a>, place: Place) -> Option<Cursor<'t, 'a>> {
    let adverbs = leading(cursor, Class::ADVERB).max(usize::from(is_freshly(cursor)));
    let word = cursor.skip(adverbs);
    let token = word.peek().filter(|token| token.class.is(Class::PREP) && !begins_food(word))?;
    let after = manner(word.skip(1));
    let is_bought = token.class.is(Class::STATE.or(Class::MADE)) && adverbs == 0;
    let is_work = match place {
        Place::First => !precedes_food(after),
        Place::Joined => true,
        Place::Next => false,
    };
    (!is_bought || is_work).then_some(after)
}

/// Goes past words that say how after a participle: "sliced thin", "squeezed dry".
fn manner<'t, 'a>(after: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let states = after.skip(leading(after, Class::ADVERB.or(Class::SIZE).or(Class::STATE)));
    if states.peek().is_none_or(|next| next.is_mark(',')) {
        return states;
    }
    let sizes = after.skip(leading(after, Class::ADVERB.or(Class::SIZE)));
    if precedes_food(sizes) { after } else { sizes }
}

/// Returns whether "fresh" means "freshly" here.
pub(crate) fn is_freshly(cursor: Cursor<'_, '_>) -> bool {
    cursor.word(&["fresh"]).is_some_and(|next| next.word(&["ground", "squeezed", "cracked", "milled"]).is_some())
}

fn leading(cursor: Cursor<'_, '_>, class: Class) -> usize {
    cursor.rest().iter().take_while(|token| token.class.is(class)).count()
}

/// Returns whether a word and the next one are a food: "split peas".
pub(crate) fn begins_food(cursor: Cursor<'_, '_>) -> bool {
    let (Some(first), Some(next)) = (cursor.peek(), cursor.peek_at(1)) else { return false };
    lexicon::is_food(&first.key, &next.key)
}

/// Returns whether a food may begin here.
pub(crate) fn precedes_food(cursor: Cursor<'_, '_>) -> bool {
    let is_food = |token: &Token<'_>| token.is_word() && !token.class.is(Class::START.or(Class::LINK));
    let after = cursor.brackets().map_or(cursor, |(_, after)| after);
    after.peek().is_some_and(is_food)
}

/// Returns whether a note begins here: "for", "to taste", "or more".
pub(crate) fn starts_note(cursor: Cursor<'_, '_>) -> bool {
    let Some(token) = cursor.peek() else { return false };
    if token.class.is(Class::START) || token.is("to") {
        return true;
    }
    let Some(next) = cursor.peek_at(1) else { return false };
    let other = ["use", "less", "substitute", "a", "an", "so", "to", "your", "whatever", "equivalent", "similar"];
    let is_number = numeral::quantity(cursor.skip(1)).is_some();
    token.is_mark('+') && is_number
        || token.is("or") && (is_number || next.class.is(Class::START) || other.iter().any(|word| next.is(word)))
}
