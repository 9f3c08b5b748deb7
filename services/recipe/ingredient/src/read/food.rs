//! The food, and the notes around it.

use super::draft::Draft;
use super::notes::{self, notes};
use super::run::{participles, precedes_food};
use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::token::{Kind, Token};

/// Sizes that are part of the food before these words: "medium sherry".
const KINDS: [(&str, &[&str]); 5] = [
    ("medium", &["sherry", "dry", "grain", "hot", "curry", "cheddar", "egg", "oatmeal", "firm", "sweet", "rare"]),
    ("small", &["curd"]),
    ("large", &["flake", "pearl", "curd", "grain"]),
    ("thick", &["cut", "yogurt", "yoghurt", "greek", "coconut", "soy", "cream"]),
    ("thin", &["spaghetti", "noodles", "rice", "crust", "cut"]),
];

/// Reads the food and all notes to the end of the line.
pub(crate) fn food<'t, 'a>(draft: &mut Draft<'t, 'a>, start: Cursor<'t, 'a>) {
    let mut cursor = start;
    let mut before_noun = true;
    let mut keeps = false;
    while let Some(token) = cursor.peek() {
        if let Some((inner, after)) = cursor.brackets() {
            notes::bracket(draft, inner);
            cursor = after;
            continue;
        }
        if let Some(after) = separator(cursor) {
            if !continues(draft, cursor, after) {
                return notes(draft, after);
            }
            draft.food.push(token);
            (cursor, before_noun) = (after, true);
            continue;
        }
        if !draft.food.is_empty() && (starts_note(cursor) || notes::amount(draft, cursor)) {
            return notes(draft, cursor);
        }
        if before_noun && let Some(after) = modifier(draft, cursor, keeps) {
            keeps |= token.class.is(Class::MADE);
            cursor = after;
            continue;
        }
        if !before_noun && participles(cursor).is_some_and(|after| !precedes_food(after)) {
            return notes(draft, cursor);
        }
        before_noun = token.is("and") || token.is("or") || token.is_mark('&') || token.is_mark('/');
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
    if token.class.is(Class::SIZE) && !is_kind(cursor) {
        let range = next.word(&["to", "or", "and"]).or_else(|| next.mark('-')).or_else(|| next.mark('/'));
        let after = range
            .filter(|after| after.peek().is_some_and(|token| token.class.is(Class::SIZE)))
            .map_or(next, |after| after.skip(1));
        let comma = after.mark(',').unwrap_or(after);
        return precedes_food(comma).then(|| {
            draft.size(cursor.until(after));
            comma
        });
    }
    let is_bought = token.class.is(Class::STATE.or(Class::MADE));
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

fn is_kind(cursor: Cursor<'_, '_>) -> bool {
    let (Some(token), Some(next)) = (cursor.peek(), cursor.peek_at(1)) else { return false };
    KINDS.iter().any(|(size, words)| token.is(size) && words.iter().any(|word| next.is(word)))
}

/// Returns the place after a comma, a semicolon or a dash with spaces.
fn separator<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let token = cursor.peek()?;
    let spaced = || !token.glued && cursor.peek_at(1).is_some_and(|next| !next.glued);
    match token.kind {
        Kind::Mark(',' | ';') => Some(cursor.skip(1)),
        Kind::Mark('-') if spaced() => Some(cursor.skip(1)),
        Kind::Mark(':') if numeral_follows(cursor.skip(1)) => Some(cursor.skip(1)),
        _ => None,
    }
}

fn numeral_follows(cursor: Cursor<'_, '_>) -> bool {
    super::numeral::quantity(cursor).is_some()
}

/// Returns whether the food goes on after a separator: "dried, pitted dates", "pork roast, or sirloin roast".
fn continues(draft: &Draft<'_, '_>, cursor: Cursor<'_, '_>, after: Cursor<'_, '_>) -> bool {
    if !cursor.peek().is_some_and(|token| token.is_mark(',')) {
        return false;
    }
    let next = after.past(&["or", "and"]);
    if draft.lists && precedes_food(next) && participles(next).is_none() {
        return true;
    }
    let only_adjectives = draft.food.iter().all(|token| token.class.is(Class::STATE.or(Class::MADE)));
    if only_adjectives {
        let modifiers = Class::STATE.or(Class::MADE).or(Class::PREP).or(Class::ADVERB).or(Class::SIZE);
        let skipped = after.rest().iter().take_while(|token| token.class.is(modifiers) || token.is("and")).count();
        return draft.food.is_empty() || precedes_food(after.skip(skipped));
    }
    is_list(draft, after)
        || after
            .word(&["or", "and"])
            .is_some_and(|next| precedes_food(next) && !starts_note(after) && participles(next).is_none())
}

/// Returns whether foods follow, as in "thyme, rosemary and sage" after "thyme,".
fn is_list(draft: &Draft<'_, '_>, after: Cursor<'_, '_>) -> bool {
    let foods = |tokens: &[Token<'_>]| {
        let plain =
            |token: &Token<'_>| token.class.is(Class::FOOD.or(Class::STATE).or(Class::MADE)) || token.is("and") || token.is("or");
        tokens.iter().all(|token| plain(token) || token.is_mark(','))
            && tokens.last().is_some_and(|last| last.class.is(Class::FOOD))
    };
    let end =
        after.rest().iter().position(|token| token.is_mark('(') || token.class.is(Class::START)).unwrap_or(after.rest().len());
    draft.food.last().is_some_and(|food| food.class.is(Class::FOOD)) && foods(after.rest().get(..end).unwrap_or_default())
}

/// Returns whether a note begins here: "for", "to taste", "or more".
fn starts_note(cursor: Cursor<'_, '_>) -> bool {
    let Some(token) = cursor.peek() else { return false };
    if token.class.is(Class::START) || token.is("to") {
        return true;
    }
    let Some(next) = cursor.peek_at(1) else { return false };
    let other = [
        "other",
        "another",
        "any",
        "similar",
        "equivalent",
        "use",
        "less",
        "substitute",
        "a",
        "an",
        "so",
        "to",
        "your",
        "whatever",
    ];
    let is_number = matches!(next.kind, Kind::Number { .. });
    token.is("or") && (is_number || next.class.is(Class::START) || other.iter().any(|word| next.is(word)))
        || token.is("with") && (next.is("skin") || next.is("skins") || next.is("their"))
}
