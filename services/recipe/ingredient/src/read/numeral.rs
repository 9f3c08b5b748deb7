//! Numbers and ranges, in figures and words.

use num_rational::Ratio;
use num_traits::{CheckedAdd as _, CheckedMul as _};

use crate::cursor::Cursor;
use crate::number::Number;
use crate::quantity::Quantity;
use crate::token::{Kind, Token};

const CARDINALS: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const DOZEN: Number = Number::new_raw(12, 1);
const TENS: [&str; 5] = ["twenty", "thirty", "forty", "fifty", "sixty"];

/// Reads a number or a range: "2", "2-3", "2 to 3", "two or three", "between 2 and 3".
pub(crate) fn quantity<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Quantity, Cursor<'t, 'a>)> {
    if let Some(after) = cursor.word(&["between", "from"]) {
        let (low, after) = number(after)?;
        let (high, after) = number(after.word(&["and", "to"])?)?;
        return Some((Quantity::new(low)?.up_to(high)?, after));
    }
    let (low, after) = number(cursor)?;
    let one = Quantity::new(low)?;
    let Some((high, rest)) = upper(after).filter(|_| !is_article(after)) else { return Some((one, after)) };
    // "one or two dozen" counts dozens, "six to a dozen" does not.
    let has_dozen = |tokens: &[Token<'_>]| tokens.iter().any(is_dozen);
    let dozens = low
        .checked_mul(&DOZEN)
        .filter(|dozens| *dozens < high && has_dozen(after.until(rest)) && !has_dozen(cursor.until(after)));
    let low = dozens.unwrap_or(low);
    Some(Quantity::new(low)?.up_to(high).map_or((one, after), |range| (range, rest)))
}

/// Reads the upper end of a range: "-3", " to 3", "- to 3", " or three".
pub(crate) fn upper<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Number, Cursor<'t, 'a>)> {
    let dash = cursor.mark('-');
    let after = dash.unwrap_or(cursor);
    number(after.word(&["to", "or", "through"]).or(dash)?)
}

/// Returns whether an upper end is "a", which is none without a part: "2 or a lemon", but "a quarter to a half".
fn is_article(cursor: Cursor<'_, '_>) -> bool {
    let after = cursor.past(&["to", "or", "through"]);
    after.word(&["a", "an"]).is_some_and(|after| part(after).is_none() && group(after).is_none())
}

fn is_dozen(token: &Token<'_>) -> bool {
    ["dozen", "dozens", "doz"].iter().any(|word| token.is(word))
}

/// Reads a number: "2 1/2", "two and a half", "half a", "a quarter of a", "a dozen", "a couple of", "a".
pub(crate) fn number<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Number, Cursor<'t, 'a>)> {
    let token = cursor.peek()?;
    let after = cursor.skip(1);
    if let Kind::Number { value, .. } = token.kind {
        let after = if value < Ratio::ONE { of_a(after) } else { after };
        return (value > Ratio::ZERO).then(|| grouped(value, after))?;
    }
    if let Some(found) = part(cursor) {
        return Some(found);
    }
    if cursor.word(&["a", "an"]).is_some() {
        if after.word(&["few", "little", "bit", "touch", "lot"]).is_some() {
            return None;
        }
        return part(after).or_else(|| group(after)).or(Some((Ratio::ONE, after)));
    }
    if let Some(value) = cardinal(cursor) {
        return part_after(value, after).or_else(|| grouped(value, after));
    }
    group(cursor)
}

/// Reads the number in the place of one part: "half a", "a quarter of a", "one-half", "three quarters".
fn part<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Number, Cursor<'t, 'a>)> {
    let after = cursor.skip(1);
    let value = match &*cursor.peek()?.key {
        "half" if after.word(&["and", "&"]).is_none() && after.mark('&').is_none() => Ratio::new(1, 2),
        "one-half" => Ratio::new(1, 2),
        "quarter" | "one-quarter" | "one-fourth" => Ratio::new(1, 4),
        "third" | "one-third" => Ratio::new(1, 3),
        "two-thirds" => Ratio::new(2, 3),
        "three-quarters" | "three-fourths" | "three-quarter" => Ratio::new(3, 4),
        "one-eighth" => Ratio::new(1, 8),
        "half-dozen" => Ratio::from_integer(6),
        _ => return None,
    };
    let after = of_a(after);
    Some(group(after).and_then(|(group, after)| Some((value.checked_mul(&group)?, after))).unwrap_or((value, after)))
}

/// Reads the parts of "two thirds", "one half", after the number of them.
fn part_after<'t, 'a>(count: Number, cursor: Cursor<'t, 'a>) -> Option<(Number, Cursor<'t, 'a>)> {
    let below = match &*cursor.peek()?.key {
        "half" | "halves" => 2,
        "third" | "thirds" => 3,
        "quarter" | "quarters" | "fourth" | "fourths" => 4,
        "eighth" | "eighths" => 8,
        _ => return None,
    };
    Some((count.checked_mul(&Ratio::new(1, below))?, of_a(cursor.skip(1))))
}

/// Goes past "of a", "of one" and "a".
fn of_a<'t, 'a>(cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    cursor.past(&["of"]).word(&["a", "an", "one"]).unwrap_or(cursor)
}

/// Reads on after a number: "and a half", "dozen".
fn grouped<'t, 'a>(value: Number, cursor: Cursor<'t, 'a>) -> Option<(Number, Cursor<'t, 'a>)> {
    if let Some((more, after)) = and_part(cursor) {
        return Some((value.checked_add(&more)?, after));
    }
    Some(match group(cursor) {
        Some((group, after)) => (value.checked_mul(&group)?, after),
        None => (value, cursor),
    })
}

/// Reads "and a half".
pub(crate) fn and_part<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Number, Cursor<'t, 'a>)> {
    part(cursor.word(&["and"])?.past(&["a", "one"]))
}

/// Reads "dozen", "couple of".
fn group<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<(Number, Cursor<'t, 'a>)> {
    let token = cursor.peek()?;
    let count = match token.key.as_ref() {
        "couple" => Ratio::from_integer(2),
        _ if is_dozen(token) => DOZEN,
        _ => return None,
    };
    Some((count, cursor.skip(1).past(&["of"])))
}

/// Reads "one" to "sixty-nine".
fn cardinal(cursor: Cursor<'_, '_>) -> Option<Number> {
    let token = cursor.peek()?;
    let (tens, ones) = token.key.split_once('-').unwrap_or((&token.key, ""));
    let index =
        |list: &[&str], word: &str| list.iter().position(|known| *known == word).and_then(|index| i64::try_from(index).ok());
    let value = match index(&TENS, tens) {
        Some(tens) if ones.is_empty() => 20 + 10 * tens,
        Some(tens) => 21 + 10 * tens + index(CARDINALS.get(..9)?, ones)?,
        None => 1 + index(&CARDINALS, &token.key)?,
    };
    Some(Ratio::from_integer(value))
}
