//! Which texts people can see as they are written, and which look alike.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// The most marks on one character. Longer piles cover the lines around them.
const MAX_MARKS: usize = 4;

/// Checks that each character of a text is visible, or changes a visible one as its script wants it. Only lines may contain line breaks
/// and tabs.
pub(crate) fn check(text: &str, is_line: bool) -> Result<(), String> {
    let breaks = |c: char| !is_line && matches!(c, '\n' | '\t');
    if text.is_empty() || text.chars().all(|c| matches!(c, ' '..='~') || breaks(c)) {
        return Ok(());
    }
    let (mut before, mut marks) = (None, 0);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if !breaks(c) && is_hidden(before, c, rest.peek().copied()) {
            return Err("must not have control, invisible, direction or private-use characters".to_owned());
        }
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if marks > MAX_MARKS {
            return Err(format!("must have at most {MAX_MARKS} marks on a character"));
        }
        before = Some(c);
    }
    if text.chars().any(is_visible) { Ok(()) } else { Err("must have a visible character".to_owned()) }
}

/// Returns what letters and digits of a text look like: texts that differ only in case, in marks, or by characters that look alike give the
/// same.
pub(crate) fn look(text: &str) -> String {
    let letters = unicode_security::skeleton(text).filter(|c| c.is_alphanumeric());
    // The skeleton of I and 1 is l, and that of i is i.
    letters.flat_map(char::to_lowercase).map(|c| if c == 'l' { 'i' } else { c }).collect()
}

fn is_mark(c: char) -> bool {
    matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

fn is_visible(c: char) -> bool {
    !is_mark(c)
        && !matches!(c.general_category(), GeneralCategory::Control | GeneralCategory::Format | GeneralCategory::SpaceSeparator)
}

/// Returns whether a character is invisible where it stands, acts on the text around it, or means nothing to others. Persian and Hindi need
/// joiners, emoji of families and flags need joiners, variation selectors and tags.
fn is_hidden(before: Option<char>, c: char, after: Option<char>) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};

    match c {
        '\u{200C}' | '\u{200D}' => !(before.is_some_and(is_joined) && after.is_some_and(is_joined)),
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => !(after == Some('\u{20E3}') || before.is_some_and(has_variants)),
        '\u{180B}'..='\u{180D}' | '\u{180F}' => !before.is_some_and(|c| matches!(c, '\u{1820}'..='\u{18AA}')),
        '\u{E0020}'..='\u{E007F}' => !before.is_some_and(|c| matches!(c, '\u{1F3F4}' | '\u{E0020}'..='\u{E007E}')),
        // A mark, vowels and letters without a shape.
        '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' => true,
        _ => matches!(c.general_category(), Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | Unassigned),
    }
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2100}'..='\u{27FF}' | '\u{2900}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Returns whether a joiner beside the character can change its shape: emoji, and scripts from Arabic to Sinhala, of Burma, Cambodia and
/// Mongolia.
fn is_joined(c: char) -> bool {
    let is_of_script = matches!(
        c,
        '\u{600}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{18AF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
    );
    is_of_script || is_emoji(c) || c == '\u{FE0F}'
}

/// Returns whether a variation selector can change the shape of the character: emoji, ideographs and Burmese letters.
fn has_variants(c: char) -> bool {
    is_emoji(c)
        || matches!(c, '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{3030}' | '\u{303D}' | '\u{1000}'..='\u{109F}')
        || matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_scripts_are_accepted() {
        for good in [
            "Al",
            "ﷺ",
            "José\u{301}",
            "می\u{200C}خواهم",
            "क्षि",
            "क्\u{200D}ष",
            "🏳\u{FE0F}\u{200D}🌈",
            "👨\u{200D}👩\u{200D}👧\u{200D}👦",
            "🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
            "1\u{FE0F}\u{20E3}",
            "O'Neill-Øystein 3.",
            "山田太郎",
            "辻\u{E0100}",
            "Việt Nam",
            "שָׁלוֹם",
        ] {
            assert_eq!(check(good, true), Ok(()), "{good}");
        }
        assert_eq!(check("", true), Ok(()));
        assert!(check("a\nb\tc é", false).is_ok() && check("a\nb", true).is_err());
    }

    #[test]
    fn hidden_characters_and_piles_of_marks_are_refused() {
        let pile = format!("a{}", "\u{301}".repeat(MAX_MARKS + 1));
        for bad in [
            "\u{200B}",
            "\u{200D}",
            "\u{FE0F}",
            "\u{3164}",
            "\u{2800}",
            "\u{301}",
            "\u{FEFF}",
            "a\0b",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{2029}b",
            "Al\u{202E}ecila",
            "Al\u{200B}ice",
            "Al\u{200D}ice",
            "Alice\u{200C}",
            "Al\u{2060}ice",
            "Al\u{AD}ice",
            "Al\u{FEFF}ice",
            "Al\u{200F}ice",
            "Al\u{FE0F}ice",
            "Al\u{34F}ice",
            "Al\u{180B}ice",
            "Al\u{115F}ice",
            "Alice\u{E0041}",
            "a\u{2066}b",
            "a\u{FFF9}b",
            "a\u{E000}b",
            "a\u{FFFE}b",
            "a\u{378}b",
            "山\u{200D}田",
            &pile,
        ] {
            assert!(check(bad, true).is_err() && check(bad, false).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn texts_that_look_alike_give_the_same() {
        let one = look("challenges_completed_25");
        for other in
            ["Challenges_Completed_25", "\u{441}hallenges_completed_25", "ｃhallenges completed 25", "challenges_comp1eted_25"]
        {
            assert_eq!(look(other), one, "{other}");
        }
        assert_ne!(look("challenges_completed_5"), one);
        assert_eq!(look("FIG"), look("Fig"));
    }
}
