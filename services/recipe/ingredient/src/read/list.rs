//! Foods that go on after a comma.

use super::draft::Draft;
use super::run::{participles, precedes_food, starts_note};
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::token::Token;

/// Returns whether the food goes on after a separator: "dried, pitted dates", "pork roast, or sirloin roast", "thyme, sage and mint".
pub(crate) fn continues(draft: &Draft<'_, '_>, cursor: Cursor<'_, '_>, after: Cursor<'_, '_>) -> bool {
    if draft.food.is_empty() {
        return true;
    }
    if !cursor.peek().is_some_and(|token| token.is_mark(',')) {
        return false;
    }
    let next = after.past(&["or", "and"]);
    if draft.lists && precedes_food(next) && participles(next).is_none() {
        return true;
    }
    let bought = Class::STATE.or(Class::MADE);
    if draft.food.iter().all(|token| token.class.is(bought)) {
        let modifiers = bought.or(Class::PREP).or(Class::ADVERB).or(Class::SIZE);
        let skipped = after.rest().iter().take_while(|token| token.class.is(modifiers) || joint(token)).count();
        return precedes_food(after.skip(skipped));
    }
    if draft.amount.is_none() && is_seasoning(draft, after) {
        return true;
    }
    let or = after.word(&["or", "and"]);
    is_list(draft, after) || or.is_some_and(|next| precedes_food(next) && !starts_note(after) && participles(next).is_none())
}

/// Returns whether a line without an amount names one more food: "salt, freshly ground pepper".
fn is_seasoning(draft: &Draft<'_, '_>, after: Cursor<'_, '_>) -> bool {
    let next = participles(after).unwrap_or(after);
    let is_food = |token: Option<&Token<'_>>| token.is_some_and(|token| token.class.is(Class::FOOD));
    is_food(draft.food.last().copied()) && is_food(next.peek()) && next.peek_at(1).is_none()
}

/// Returns whether foods follow the first one of a list: "thyme," in "thyme, rosemary and sage", "olive," in "olive, walnut or peanut oil".
fn is_list(draft: &Draft<'_, '_>, after: Cursor<'_, '_>) -> bool {
    let is_end = |token: &Token<'_>| token.is_mark('(') || token.class.is(Class::START) || token.is("to");
    let end = after.rest().iter().position(is_end).unwrap_or(after.rest().len());
    let tokens = after.rest().get(..end).unwrap_or_default();
    let is_work = |pair: &[Token<'_>]| {
        pair.first().is_some_and(|one| one.is_mark(','))
            && pair.last().is_some_and(|next| next.class.is(Class::PREP.or(Class::ADVERB)))
    };
    let end = tokens.windows(2).position(is_work).unwrap_or(tokens.len());
    let tokens = tokens.get(..end).unwrap_or_default();
    let food = Class::FOOD.or(Class::STATE).or(Class::MADE);
    let known = tokens.iter().all(|token| joint(token) || token.class.is(food))
        && tokens.last().is_some_and(|last| last.class.is(Class::FOOD));
    // "apples, Gala, Fuji or Braeburn" are kinds of the food.
    if draft.food.last().is_some_and(|first| first.class.is(Class::FOOD)) {
        return known;
    }
    let note = Class::PREP.or(Class::ADVERB).or(Class::SIZE);
    let plain = |token: &Token<'_>| joint(token) || token.is_word() && !token.class.is(note);
    let pieces = tokens.split(|token| joint(token)).filter(|piece| !piece.is_empty());
    let is_short = pieces.clone().count() >= 2 && pieces.clone().all(|piece| piece.len() <= 3);
    let has_comma = draft.food.iter().chain(&tokens.iter().collect::<Vec<_>>()).any(|token| token.is_mark(','));
    is_short && has_comma && tokens.iter().all(plain) && tokens.iter().any(|token| token.is("or"))
}

/// Returns whether a token stands between the foods of a list.
fn joint(token: &Token<'_>) -> bool {
    token.is_mark(',') || ["or", "and", "other"].iter().any(|word| token.is(word))
}
