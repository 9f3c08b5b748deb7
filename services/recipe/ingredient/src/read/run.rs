//! Runs of participles, with their adverbs.

use crate::cursor::Cursor;
use crate::lexicon::Class;
use crate::token::Token;

/// Words that no food begins with.
const NO_FOOD: [&str; 14] = ["and", "or", "in", "into", "to", "with", "on", "at", "if", "then", "from", "by", "but", "of"];

/// Participles and words that together are a food: "split peas".
const FOODS: [(&str, &[&str]); 9] = [
    ("split", &["peas", "pea", "lentils", "gram"]),
    ("cracked", &["wheat"]),
    ("crushed", &["red", "tomatoes", "pineapple"]),
    ("shredded", &["wheat", "coconut"]),
    ("slivered", &["almonds", "almond"]),
    ("flaked", &["almonds", "almond", "coconut", "salt", "sea"]),
    ("toasted", &["sesame oil"]),
    ("cut", &["oats"]),
    ("mashed", &["potato"]),
];

/// Reads participles: "peeled, cored and finely chopped".
pub(crate) fn participles<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    if is_food(cursor) {
        return None;
    }
    let mut end = None;
    let mut cursor = cursor;
    loop {
        let adverbs = leading(cursor, Class::ADVERB);
        let participle = cursor.peek_at(adverbs).filter(|token| token.class.is(Class::PREP))?;
        let is_bought = participle.class.is(Class::STATE) && adverbs == 0 && end.is_none();
        cursor = cursor.skip(adverbs + 1);
        let last = leading(cursor, Class::ADVERB);
        if !precedes_food(cursor.skip(last)) {
            cursor = cursor.skip(last);
        }
        if is_bought && precedes_food(cursor) {
            return None;
        }
        end = Some(cursor);
        let joint = cursor
            .word(&["and", "or", "then"])
            .or_else(|| cursor.mark(','))
            .or_else(|| cursor.mark('&'))
            .or_else(|| cursor.mark('/'));
        let comma = joint.map(|after| after.past(&["and", "then"]));
        match comma.filter(|after| is_run(*after)) {
            Some(after) => cursor = after,
            None => return end,
        }
    }
}

fn is_food(cursor: Cursor<'_, '_>) -> bool {
    let (Some(participle), Some(next)) = (cursor.peek(), cursor.peek_at(1)) else { return false };
    let follows = |words: &str| match words.split_once(' ') {
        Some((one, two)) => next.is(one) && cursor.peek_at(2).is_some_and(|token| token.is(two)),
        None => next.is(words),
    };
    FOODS.iter().any(|(word, foods)| participle.is(word) && foods.iter().any(|words| follows(words)))
}

fn is_run(cursor: Cursor<'_, '_>) -> bool {
    cursor
        .peek_at(leading(cursor, Class::ADVERB))
        .is_some_and(|token| token.class.is(Class::PREP) && !token.class.is(Class::STATE))
}

fn leading(cursor: Cursor<'_, '_>, class: Class) -> usize {
    cursor.rest().iter().take_while(|token| token.class.is(class)).count()
}

/// Returns whether a food may begin here.
pub(crate) fn precedes_food(cursor: Cursor<'_, '_>) -> bool {
    let is_food =
        |token: &Token<'_>| token.is_word() && !token.class.is(Class::START) && !NO_FOOD.iter().any(|word| token.is(word));
    let after = cursor.brackets().map_or(cursor, |(_, after)| after);
    after.peek().is_some_and(is_food)
}
