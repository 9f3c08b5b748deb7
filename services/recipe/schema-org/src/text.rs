//! Texts of one line.

use unicode_normalization::UnicodeNormalization as _;

use crate::markup::plain;

/// How often a text is read whose markup appears only after reading it, as a tag with invisible characters.
const MOST_PASSES: usize = 4;

/// Returns a text in one line: without markup, in NFC, with single spaces. The line of a line is the line itself.
pub(crate) fn line(source: &str) -> String {
    let mut text = fold(&plain(source).text);
    for _ in 0..MOST_PASSES {
        if !text.contains(['<', '&']) {
            return text;
        }
        let again = fold(&plain(&text).text);
        if again == text {
            return text;
        }
        text = again;
    }
    fold(&text.replace(['<', '&'], " "))
}

/// The most lines of a list that are carried.
pub(crate) const MOST_LINES: usize = 1_000;

/// Returns the lines of a text that are not blank, each as [`line()`] does: [`MOST_LINES`], and one more if there are more.
pub(crate) fn lines(source: &str) -> Vec<String> {
    plain(source).text.split(['\n', '\r']).map(line).filter(|line| !line.is_empty()).take(MOST_LINES + 1).collect()
}

fn fold(text: &str) -> String {
    if text.is_ascii() { with_single_spaces(text.chars()) } else { with_single_spaces(text.nfc().filter(|c| !is_invisible(*c))) }
}

fn with_single_spaces(chars: impl Iterator<Item = char>) -> String {
    let (mut folded, mut is_apart) = (String::new(), false);
    for c in chars {
        if c.is_whitespace() || c.is_control() {
            is_apart = !folded.is_empty();
        } else {
            if is_apart {
                folded.push(' ');
            }
            is_apart = false;
            folded.push(c);
        }
    }
    folded
}

/// Returns whether a character has no width, or changes the direction of others.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line() {
        let table = [
            ("  Soft,\n\tsweet. ", "Soft, sweet."),
            ("Cre\u{300}me\u{a0}fraîche", "Crème fraîche"),
            ("<p>One.</p><p>Two.</p>", "One. Two."),
            ("a\u{200b}b\u{7}c\u{202e}d", "ab cd"),
            ("<\u{200b}b>pears<\u{200b}/b>", "pears"),
            (" ", ""),
        ];
        for (source, expected) in table {
            assert_eq!(line(source), expected, "{source:?}");
        }
    }

    #[test]
    fn lines_are_those_of_the_text_or_of_its_elements() {
        assert_eq!(lines("200 g pears\n\n 1 tbsp  honey\r\n"), ["200 g pears", "1 tbsp honey"]);
        assert_eq!(lines("<ol><li>Slice\n them.</li><li>Serve.<br/>Eat.</li></ol>"), ["Slice them.", "Serve.", "Eat."]);
    }
}
