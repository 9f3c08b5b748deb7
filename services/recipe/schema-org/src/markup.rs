//! Takes the markup out of texts.

use std::borrow::Cow;

/// Elements whose content is no text.
const HIDDEN: [&str; 6] = ["script", "style", "iframe", "template", "noscript", "svg"];

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 18] = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "tr",
    "section",
    "article",
    "hr",
    "blockquote",
    "table",
];

/// How often entities are decoded, which pages encode more than once.
const MOST_PASSES: usize = 4;

/// A text without markup. Lines are separated by `\n`.
pub(crate) struct Plain<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Whether elements divide it into lines. Line breaks of the source then do not.
    pub(crate) has_blocks: bool,
}

/// Takes tags out of a text and decodes its entities, until there are none.
pub(crate) fn plain(source: &str) -> Plain<'_> {
    let mut plain = Plain { text: Cow::Borrowed(source), has_blocks: false };
    for _ in 0..MOST_PASSES {
        if !plain.text.contains(['<', '&']) {
            return plain;
        }
        let (stripped, has_blocks) = without_tags(&plain.text, plain.has_blocks);
        let decoded = html_escape::decode_html_entities(&stripped).into_owned();
        let is_done = decoded == plain.text;
        (plain.text, plain.has_blocks) = (Cow::Owned(decoded), plain.has_blocks || has_blocks);
        if is_done {
            return plain;
        }
    }
    // Encoded more often than any page does.
    plain.text = Cow::Owned(plain.text.replace(['<', '&'], " "));
    plain
}

/// Takes the tags out of a text. The line breaks of a text with blocks are spaces, unless an earlier pass has put them there.
fn without_tags(source: &str, had_blocks: bool) -> (String, bool) {
    let mut text = String::with_capacity(source.len());
    let mut breaks = Vec::new();
    let (mut rest, mut open) = (source, Open::default());
    while let Some((before, from)) = rest.find('<').and_then(|at| rest.split_at_checked(at)) {
        text.push_str(before);
        match tag(from, &mut open) {
            Some((name, after)) => {
                if BLOCKS.contains(&&*name) {
                    breaks.push(text.len());
                    text.push('\n');
                }
                rest = after;
            }
            None => {
                let is_tag = from.chars().nth(1).is_some_and(|c| c.is_alphabetic() || matches!(c, '/' | '!' | '?'));
                // An open tag at the end would be one in a page.
                text.push(if is_tag { ' ' } else { '<' });
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    if breaks.is_empty() || had_blocks {
        return (text, !breaks.is_empty());
    }
    let mut breaks = breaks.into_iter().peekable();
    let is_break = |at: usize| breaks.next_if_eq(&at).is_some();
    (fold_other_breaks(&text, is_break), true)
}

fn fold_other_breaks(text: &str, mut is_break: impl FnMut(usize) -> bool) -> String {
    text.char_indices().map(|(at, c)| if c == '\n' && !is_break(at) || c == '\r' { ' ' } else { c }).collect()
}

/// What the rest of a text does not close, which is then not looked for again.
#[derive(Default)]
struct Open {
    comments: bool,
    quotes: bool,
    tags: bool,
}

/// Returns the name of the tag that a text starts with, in lower case, and what follows it and its hidden content. None when it is no tag.
fn tag<'a>(text: &'a str, open: &mut Open) -> Option<(String, &'a str)> {
    if let Some(comment) = text.strip_prefix("<!--").filter(|_| !open.comments) {
        let after = comment.split_once("-->").map(|(_, after)| (String::new(), after));
        open.comments = after.is_none();
        return after;
    }
    let inside = text.get(1..).filter(|_| !open.tags)?;
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
        return None;
    }
    let end = if open.quotes { None } else { end_outside_quotes(inside) };
    open.quotes = end.is_none();
    let end = end.or_else(|| inside.find('>'));
    open.tags = end.is_none();
    let after = inside.get(end? + 1..)?;
    let is_closing = inside.starts_with('/');
    let name: String = inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(16).collect();
    let name = name.to_ascii_lowercase();
    if HIDDEN.contains(&&*name) && !is_closing {
        return Some((name.clone(), after_element(after, &name)));
    }
    Some((name, after))
}

/// Returns where a tag ends. A `>` within a quoted attribute does not end it.
fn end_outside_quotes(inside: &str) -> Option<usize> {
    let mut quote = None;
    inside.bytes().position(|byte| match (quote, byte) {
        (Some(open), _) => {
            quote = Some(open).filter(|open| *open != byte);
            false
        }
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (None, byte) => byte == b'>',
    })
}

/// Returns what follows the end of an element, or nothing when it does not end.
pub(crate) fn after_element<'a>(content: &'a str, name: &str) -> &'a str {
    let mut rest = content;
    while let Some(at) = rest.find("</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        let is_end = rest.get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name));
        if is_end {
            return rest.split_once('>').map_or("", |(_, after)| after);
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_taken_out() {
        let table = [
            ("Slice.<script>alert(1)</script> Serve.", "Slice. Serve."),
            ("<p>Sweet <a href=\"javascript:alert(1)\">pears</a>.</p><style>p{}</style>", "\nSweet pears.\n"),
            ("<a title=\"a > b\">pears</a>", "pears"),
            ("Pears &amp; cr&egrave;me", "Pears & crème"),
            ("1 &amp;frac14; cups", "1 ¼ cups"),
            ("Whip &lt;5 minutes&gt;", "Whip <5 minutes>"),
            ("&lt;script&gt;alert(1)&lt;/script&gt;Serve", "Serve"),
            ("a < b > c", "a < b > c"),
            ("<!-- a > b -->Serve", "Serve"),
            ("<img src=x onerror=alert(1)", " img src=x onerror=alert(1)"),
            ("<SCRIPT>alert(1)", ""),
            ("&amp;amp;amp;amp;amp;lt;b", " amp;lt;b"),
        ];
        for (source, expected) in table {
            assert_eq!(plain(source).text, expected, "{source}");
        }
    }

    #[test]
    fn only_elements_divide_a_page() {
        let page = plain("<li>Slice\nthem.</li><li>Serve.</li>");
        assert_eq!((&*page.text, page.has_blocks), ("\nSlice them.\n\nServe.\n", true));
        let text = plain("Slice\n<b>them</b>.");
        assert_eq!((&*text.text, text.has_blocks), ("Slice\nthem.", false));
    }
}
