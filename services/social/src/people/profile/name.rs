//! The names that users may choose.

use std::ops::RangeInclusive;

use orchard_rpc::read;
use unicode_segmentation::UnicodeSegmentation as _;

use super::pseudonym;

/// The number of characters as readers count them: grapheme clusters.
const CHARACTERS: RangeInclusive<usize> = 1..=50;
/// The most code points in a name, which is the length of the column.
const MAX_CODE_POINTS: usize = 200;
/// The most code points in one character. The flag of Wales has 7, a family 11.
const MAX_CODE_POINTS_PER_CHARACTER: usize = 16;

/// A name that is visible, does not change how the text around it is displayed, and is no pseudonym.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Reads a name, without the white space around it.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = read::text(text, 1..=MAX_CODE_POINTS)?;
        let characters = text.graphemes(true).count();
        if !CHARACTERS.contains(&characters) {
            return Err(format!("must have {} to {} characters, not {characters}", CHARACTERS.start(), CHARACTERS.end()));
        }
        if text.graphemes(true).any(|character| character.chars().count() > MAX_CODE_POINTS_PER_CHARACTER) {
            return Err(format!("must have at most {MAX_CODE_POINTS_PER_CHARACTER} code points in a character"));
        }
        if pseudonym::resembles(&text) {
            return Err("must not look like a pseudonym of a leaderboard".to_owned());
        }
        Ok(Self(text))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_as_readers_count_them() {
        let family = "👨\u{200D}👩\u{200D}👧\u{200D}👦";
        assert_eq!(DisplayName::read("  Al  ").as_ref().map(DisplayName::as_str), Ok("Al"));
        assert!(DisplayName::read(&"e\u{301}".repeat(50)).is_ok(), "50 letters are 100 code points");
        assert!(DisplayName::read(&"e\u{301}".repeat(51)).is_err());
        assert!(DisplayName::read(&family.repeat(28)).is_ok(), "28 families are 196 code points");
        assert!(DisplayName::read(&family.repeat(29)).is_err(), "29 families are 203 code points");
        assert!(DisplayName::read(&format!("a{}", "\u{301}".repeat(16))).is_err(), "one character of 17 code points");
        let wales = "🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}";
        assert!(DisplayName::read(wales).is_ok());
        assert!(DisplayName::read(&"a".repeat(51)).is_err());
    }

    #[test]
    fn invisible_names_and_pseudonyms_are_refused() {
        for bad in ["", "   ", "\u{200B}", "Al\u{202E}ecila", "a\nb", "Apple N7MTE"] {
            assert!(DisplayName::read(bad).is_err(), "{bad:?}");
        }
    }
}
