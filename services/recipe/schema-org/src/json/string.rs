//! Strings, also those with quotes that are not escaped.

use super::{Place, Reader};
use crate::error::ImportError;

/// Names that are looked for where a comma is missing have fewer bytes.
const LONGEST_NAME: usize = 40;

/// Returns whether a character opens a string. Some editors curl the quotes.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '”')
}

/// Returns whether a character may close a string.
fn closes(c: char, opening: char) -> bool {
    if matches!(opening, '“' | '”') { matches!(c, '“' | '”') } else { c == opening }
}

impl Reader<'_> {
    /// Reads a string that starts here.
    pub(super) fn string(&mut self, place: Place) -> Result<String, ImportError> {
        let mut chars = self.rest.chars();
        let opening = chars.next().ok_or(ImportError::NotJson)?;
        let mut text = String::new();
        while let Some(c) = chars.next() {
            if c == '\\' {
                let (escaped, rest) = unescape(chars.as_str());
                text.extend(escaped);
                chars = rest.chars();
            } else if closes(c, opening) && may_end(chars.as_str(), place) {
                self.rest = chars.as_str();
                return Ok(text);
            } else {
                text.push(c);
            }
        }
        Err(ImportError::NotJson)
    }
}

/// Returns whether what follows a quote can follow the end of a string. Otherwise the quote belongs to the text, as in `a 9" pan`.
fn may_end(rest: &str, place: Place) -> bool {
    let after = rest.trim_start();
    let space = rest.get(..rest.len() - after.len()).unwrap_or_default();
    let Some(next) = after.chars().next() else { return true };
    let is_on_next_line = space.contains('\n') && is_quote(next);
    match place {
        Place::Alone => matches!(next, ';' | '<' | '/' | '-' | ']'),
        Place::Name => next == ':',
        Place::Member => next == '}' || is_name(after) || is_on_next_line || next == '/' || next == ',' && begins_member(after),
        Place::Element => next == ']' || is_on_next_line || next == '/' || next == ',' && begins_element(after),
    }
}

/// Returns whether a text starts with the name of a member, before which a comma is missing.
fn is_name(text: &str) -> bool {
    let name = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    name.is_some_and(|(name, after)| {
        name.len() < LONGEST_NAME && !name.contains(['\n', ',']) && after.trim_start().starts_with(':')
    })
}

fn after_comma(after: &str) -> &str {
    after.trim_start_matches(|c: char| c == ',' || c.is_whitespace())
}

fn begins_member(after: &str) -> bool {
    let rest = after_comma(after);
    let is_unquoted = || {
        rest.split_once(':').is_some_and(|(name, _)| {
            name.len() < LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'@')
        })
    };
    rest.is_empty() || rest.starts_with(is_quote) || rest.starts_with(['}', '/']) || is_unquoted()
}

fn begins_element(after: &str) -> bool {
    let rest = after_comma(after);
    let is_word = ["null", "true", "false"].iter().any(|word| rest.starts_with(word));
    rest.is_empty()
        || is_word
        || rest.starts_with(is_quote)
        || rest.starts_with(['{', '[', ']', '/', '-'])
        || rest.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns the characters of an escape without its backslash, and what follows. An unknown escape is the character itself.
fn unescape(rest: &str) -> (Option<char>, &str) {
    let mut chars = rest.chars();
    let escaped = match chars.next() {
        Some('n') => '\n',
        Some('t') => '\t',
        Some('r') => '\r',
        Some('b' | 'f') => ' ',
        Some('u') => return code_point(chars.as_str()),
        Some(other) => other,
        None => return (None, ""),
    };
    (Some(escaped), chars.as_str())
}

/// Reads the digits of `\u`, and a second half that follows the first half of a pair.
fn code_point(rest: &str) -> (Option<char>, &str) {
    let Some((unit, after)) = code_unit(rest) else { return (Some('u'), rest) };
    if let Some(c) = char::from_u32(unit) {
        return (Some(c), after);
    }
    let low = after.strip_prefix("\\u").and_then(code_unit);
    let pair = low.filter(|(low, _)| (0xd800..0xdc00).contains(&unit) && (0xdc00..0xe000).contains(low));
    match pair {
        Some((low, after)) => (char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)), after),
        None => (Some(char::REPLACEMENT_CHARACTER), after),
    }
}

fn code_unit(rest: &str) -> Option<(u32, &str)> {
    let (digits, after) = rest.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten().map(|unit| (unit, after))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use crate::value::Value;

    fn string(document: &str) -> Option<String> {
        let values = read(&format!("[{document}]")).ok()?;
        values.first()?.elements().first()?.text().map(str::to_owned)
    }

    #[test]
    fn escapes_are_read() {
        let table = [
            (r#""a\nb\t\"\\\/""#, "a\nb\t\"\\/"),
            (r#""\u00e9\ud83c\udf50""#, "é🍐"),
            (r#""\ud83c x""#, "\u{fffd} x"),
            (r#""it\'s \u12""#, "it's u12"),
            ("\"a\nb\"", "a\nb"),
        ];
        for (document, expected) in table {
            assert_eq!(string(document).as_deref(), Some(expected), "{document}");
        }
    }

    #[test]
    fn quotes_within_a_text_stay() {
        let document = r#"{"text": "Use a 9" pan, then "fold" it", "name": "The "best" pears"}"#;
        let values = read(document).expect("a document");
        let text = |name| values.first().and_then(|value| value.get(name)).and_then(Value::text);
        assert_eq!(text("text"), Some("Use a 9\" pan, then \"fold\" it"));
        assert_eq!(text("name"), Some("The \"best\" pears"));
    }
}
