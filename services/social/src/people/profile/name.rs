//! The names that users may choose.

use std::ops::RangeInclusive;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_segmentation::UnicodeSegmentation as _;

/// The number of characters as readers count them: grapheme clusters.
const CHARACTERS: RangeInclusive<usize> = 1..=50;
/// The most code points in a name, which is the length of the column.
const MAX_CODE_POINTS: usize = 200;
/// The most code points in one character. The flag of Wales has 7, a family 11; longer piles of accents cover the lines around them.
const MAX_CODE_POINTS_PER_CHARACTER: usize = 16;

/// A name that is visible and does not change how the text around it is displayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Reads a name, without the white space around it.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is required".to_owned());
        }
        let (characters, code_points) = (text.graphemes(true).count(), text.chars().count());
        if !CHARACTERS.contains(&characters) {
            return Err(format!("must have {} to {} characters, not {characters}", CHARACTERS.start(), CHARACTERS.end()));
        }
        if text.graphemes(true).any(|character| character.chars().count() > MAX_CODE_POINTS_PER_CHARACTER) {
            return Err(format!("must have at most {MAX_CODE_POINTS_PER_CHARACTER} code points in a character"));
        }
        if code_points > MAX_CODE_POINTS {
            return Err(format!("must have at most {MAX_CODE_POINTS} code points, not {code_points}"));
        }
        if text.chars().any(is_forbidden) {
            return Err("must not have control, direction or private-use characters".to_owned());
        }
        if !text.chars().any(is_visible) {
            return Err("must have a visible character".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a character acts on the text around it, is invisible, or means nothing to others. Joiners, variation selectors and
/// tags are allowed: Persian and Hindi need joiners, and emoji of families and flags need the others.
fn is_forbidden(c: char) -> bool {
    use GeneralCategory::{Control, LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};

    let directs = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let annotates = matches!(c, '\u{FFF9}'..='\u{FFFB}');
    let joins = matches!(c, '\u{200C}' | '\u{200D}' | '\u{E0020}'..='\u{E007F}');
    let hides = c.general_category() == GeneralCategory::Format && !joins;
    directs
        || annotates
        || hides
        || matches!(c.general_category(), Control | LineSeparator | ParagraphSeparator | PrivateUse | Unassigned)
}

/// Returns whether a character is visible by itself. Fillers are letters, but are not.
fn is_visible(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, Format, NonspacingMark, SpaceSeparator};

    let fills = matches!(c, '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}');
    !fills && !matches!(c.general_category(), Format | SpaceSeparator | NonspacingMark | EnclosingMark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_as_readers_count_them() {
        let family = "👨\u{200D}👩\u{200D}👧\u{200D}👦";
        for good in [
            "Al",
            "  Al  ",
            "ﷺ",
            "José\u{301}",
            "می\u{200C}خواهم",
            "क्षि",
            "🏳\u{FE0F}\u{200D}🌈",
            "O'Neill-Øystein 3.",
            "山田太郎",
        ] {
            assert!(DisplayName::read(good).is_ok(), "{good}");
        }
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
    fn invisible_names_and_names_that_change_other_text_are_refused() {
        for bad in [
            "",
            "   ",
            "\u{200B}",
            "\u{200D}\u{FE0F}",
            "\u{3164}\u{3164}",
            "\u{2800}",
            "\u{301}",
            "a\0b",
            "a\nb",
            "a\u{85}b",
            "a\u{2028}b",
            "Al\u{202E}ecila",
            "Al\u{200B}ice",
            "Al\u{2060}ice",
            "Al\u{AD}ice",
            "Al\u{FEFF}ice",
            "Al\u{200F}ice",
            "a\u{2066}b",
            "a\u{FFF9}b",
            "a\u{E000}b",
            "a\u{FFFE}b",
            "a\u{378}b",
        ] {
            assert!(DisplayName::read(bad).is_err(), "{bad:?}");
        }
    }
}
