//! The text of a line in one spelling: entities decoded, composed letters, one kind of space, dash and separator.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// Returns the text with HTML entities decoded, in NFC, with single spaces, "-" for dashes, also for double ones, and "," for "|".
pub(crate) fn clean(line: &str) -> String {
    // Pages escape twice at times.
    let once = if line.contains('&') { htmlize::unescape(line) } else { Cow::Borrowed(line) };
    let decoded = if once.contains('&') { htmlize::unescape(&*once).into_owned().into() } else { once };
    let mut text = String::with_capacity(decoded.len());
    let composed: Cow<'_, str> = if is_nfc(&decoded) { decoded } else { decoded.nfc().collect::<String>().into() };
    for c in composed.chars() {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' => {}
            _ if c.is_whitespace() || c.is_control() => {
                if !text.is_empty() && !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            '\u{2014}' | '\u{2015}' => text.push_str(" - "),
            '-' if text.ends_with('-') => {}
            '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => text.push('-'),
            '|' => text.push(','),
            _ => text.push(c),
        }
    }
    text.truncate(text.trim_end().len());
    text
}
