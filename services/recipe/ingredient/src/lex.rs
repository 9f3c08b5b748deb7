//! Splits a clean line into tokens.

use num_rational::Ratio;
use num_traits::CheckedAdd as _;

use crate::number::Number;
use crate::token::{Kind, Token};
use crate::unit::Unit;

/// More digits than quantities have. Nine before and nine after the point fit into a fraction of 64-bit integers.
const MOST_DIGITS: usize = 9;

/// Returns the tokens of a clean line.
pub(crate) fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(rest) = line.get(at..)
        && let Some(first) = rest.chars().next()
    {
        if first == ' ' {
            at += 1;
            continue;
        }
        let glued = at > 0 && !line.get(..at).is_some_and(|before| before.ends_with(' '));
        let after_number =
            glued && tokens.last().is_some_and(|token| matches!(token.kind, Kind::Number { .. } | Kind::Mark('-')));
        let (length, kind) = number(rest)
            .filter(|_| !after_number || !matches!(tokens.last(), Some(Token { kind: Kind::Number { .. }, .. })))
            .or_else(|| word(rest, after_number).map(|length| (length, Kind::Word)))
            .unwrap_or((first.len_utf8(), Kind::Mark(first)));
        tokens.push(Token::new(rest.get(..length).unwrap_or(rest), at, glued, kind));
        at += length;
    }
    close(&mut tokens);
    tokens
}

/// Finds the closing bracket of each opening one, so that no grammar has to search for it.
fn close(tokens: &mut [Token<'_>]) {
    let mut open = Vec::new();
    for index in 0..tokens.len() {
        match tokens.get(index).map(|token| token.kind) {
            Some(Kind::Mark('(' | '[')) => open.push(index),
            Some(Kind::Mark(')' | ']')) => {
                if let Some(start) = open.pop()
                    && let Some(token) = tokens.get_mut(start)
                {
                    token.close = Some(index - start);
                }
            }
            _ => {}
        }
    }
}

/// Returns the length of the word that a text begins with. A word after a number has no digits and ends at a hyphen: "1-inch-thick".
fn word(text: &str, after_number: bool) -> Option<usize> {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let is_inside = end > 0 && next.is_some_and(char::is_alphanumeric);
        let belongs = match c {
            '\'' | '’' | '‘' => end > 0,
            '®' | '™' | '%' => true,
            '-' => is_inside && !after_number && !parts_amount(text, at),
            '&' => is_inside,
            _ if is_vulgar(c) => false,
            _ if c.is_numeric() => !after_number,
            _ => is_letter(c),
        };
        if !belongs {
            break;
        }
        end = at + c.len_utf8();
    }
    (end > 0).then_some(end)
}

/// Returns whether the hyphen at `at` is between a unit and a number, "g-250" of "200 g-250 g", or before the unit of "half-pound".
fn parts_amount(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at + 1..)) else { return false };
    if after.starts_with(|c: char| c.is_ascii_digit()) {
        return Unit::find(before).is_some();
    }
    let word = after.get(..after.find(|c| !is_letter(c)).unwrap_or(after.len())).unwrap_or_default();
    ["half", "quarter"].iter().any(|part| before.eq_ignore_ascii_case(part)) && Unit::find(word).is_some()
}

/// Letters, and marks that combine with them.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c)
}

/// Returns the number that a text begins with, and its length: "2", "2.5", "2,5", "1,000", "1/2", "2 1/2", "2½", "½".
fn number(text: &str) -> Option<(usize, Kind)> {
    if let Some((value, length)) = fraction(text) {
        return Some((length, Kind::Number { value, split: None }));
    }
    let (whole, length) = decimal(text)?;
    let rest = text.get(length..)?;
    if rest.starts_with('%') {
        return None;
    }
    let joints = ["", " ", "-", " and ", " & "];
    let mixed = joints.iter().filter(|_| whole.is_integer()).find_map(|joint| {
        let (part, more) = fraction(rest.strip_prefix(joint)?).filter(|(part, _)| *part < Ratio::ONE)?;
        let split = (*joint == " ").then_some((whole, part));
        Some((length + joint.len() + more, Kind::Number { value: whole.checked_add(&part)?, split }))
    });
    Some(mixed.unwrap_or((length, Kind::Number { value: whole, split: None })))
}

/// Returns the digits that a text begins with.
fn digits(text: &str) -> &str {
    text.get(..text.bytes().take_while(u8::is_ascii_digit).count()).unwrap_or_default()
}

/// Reads "2", "2.5", ".5", "2,5" and "1,000".
fn decimal(text: &str) -> Option<(Number, usize)> {
    let whole = digits(text);
    let rest = text.get(whole.len()..)?;
    let places = rest.strip_prefix(['.', ',']).map(digits).unwrap_or_default();
    if whole.len() > MOST_DIGITS || whole.is_empty() && (places.is_empty() || !rest.starts_with('.')) {
        return None;
    }
    let number = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()? };
    if places.is_empty() {
        return Some((Number::from_integer(number), whole.len()));
    }
    let length = whole.len() + 1 + places.len();
    if rest.starts_with(',') && places.len() == 3 && number > 0 && whole.len() <= 3 {
        return Some((Number::from_integer(number * 1000 + places.parse::<i64>().ok()?), length));
    }
    let kept = places.get(..places.len().min(MOST_DIGITS))?;
    let scale = 10_i64.pow(u32::try_from(kept.len()).ok()?);
    Some((Number::new(number * scale + kept.parse::<i64>().ok()?, scale), length))
}

/// Reads "1/2", "1⁄2" and "½".
fn fraction(text: &str) -> Option<(Number, usize)> {
    let first = text.chars().next()?;
    if let Some(value) = vulgar(first) {
        return Some((value, first.len_utf8()));
    }
    let above = digits(text);
    let rest = text.get(above.len()..)?;
    let slash = rest.chars().next().filter(|c| matches!(c, '/' | '⁄' | '∕'))?;
    let below = digits(rest.get(slash.len_utf8()..)?);
    let (numerator, denominator) = (small(above)?, small(below)?);
    let length = above.len() + slash.len_utf8() + below.len();
    (denominator > 0).then(|| (Number::new(numerator, denominator), length))
}

fn small(digits: &str) -> Option<i64> {
    (1..=3).contains(&digits.len()).then(|| digits.parse().ok())?
}

fn is_vulgar(c: char) -> bool {
    vulgar(c).is_some()
}

fn vulgar(c: char) -> Option<Number> {
    let (above, below) = match c {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅐' => (1, 7),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        '⅑' => (1, 9),
        '⅒' => (1, 10),
        _ => return None,
    };
    Some(Number::new(above, below))
}
