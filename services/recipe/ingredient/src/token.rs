//! Tokens of a line: numbers, words and marks.

use std::borrow::Cow;

use crate::lexicon::{self, Class};
use crate::number::Number;
use crate::unit::Unit;

/// A piece of a line.
#[derive(Debug, Clone)]
pub(crate) struct Token<'a> {
    /// Its text in the line.
    pub(crate) text: &'a str,
    /// Where that begins, in bytes.
    start: usize,
    /// Its text in lower case, with straight apostrophes and without trademarks.
    pub(crate) key: Cow<'a, str>,
    /// Whether it follows the token before without a space.
    pub(crate) glued: bool,
    pub(crate) kind: Kind,
    pub(crate) class: Class,
    /// How many tokens after this opening bracket its closing one is.
    pub(crate) close: Option<usize>,
    /// The unit that the word may mean.
    pub(crate) unit: Option<Unit>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number {
        value: Number,
        /// The whole and the fraction of "1 1/2", which may also be one of 1/2.
        split: Option<(Number, Number)>,
    },
    Word,
    Mark(char),
}

impl<'a> Token<'a> {
    pub(crate) fn new(text: &'a str, start: usize, glued: bool, kind: Kind) -> Self {
        let mut token =
            Self { text, start, key: Cow::Borrowed(text), glued, kind, class: Class::default(), close: None, unit: None };
        if kind == Kind::Word {
            let is_plain = |c: char| !c.is_uppercase() && !matches!(c, '’' | '‘' | '®' | '™');
            if !text.chars().all(is_plain) {
                token.key = text.replace(['’', '‘'], "'").replace(['®', '™'], "").to_lowercase().into();
            }
            token.class = lexicon::class(&token.key);
            token.unit = Unit::find(text);
        } else if kind == Kind::Mark('#') {
            token.unit = Unit::find(text);
        }
        token
    }

    pub(crate) fn is(&self, key: &str) -> bool {
        self.key == key
    }

    pub(crate) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    pub(crate) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Returns the text of tokens, without a space only where there is none in the line.
pub(crate) fn text<'a>(tokens: impl IntoIterator<Item = &'a Token<'a>>) -> String {
    let mut text = String::new();
    let mut end = 0;
    for token in tokens {
        if !text.is_empty() && token.start != end && !token.is_mark(',') {
            text.push(' ');
        }
        text.push_str(token.text);
        end = token.start + token.text.len();
    }
    text
}
