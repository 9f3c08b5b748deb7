//! A place among tokens.

use crate::token::Token;

/// A place among tokens, from which grammars read on. Copies are cheap, so that an attempt that fails leaves the place as it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(crate) fn new(tokens: &'t [Token<'a>]) -> Self {
        Self { tokens }
    }

    /// The tokens that are left.
    pub(crate) fn rest(self) -> &'t [Token<'a>] {
        self.tokens
    }

    pub(crate) fn is_empty(self) -> bool {
        self.tokens.is_empty()
    }

    pub(crate) fn peek(self) -> Option<&'t Token<'a>> {
        self.tokens.first()
    }

    pub(crate) fn peek_at(self, index: usize) -> Option<&'t Token<'a>> {
        self.tokens.get(index)
    }

    pub(crate) fn skip(self, count: usize) -> Self {
        Self { tokens: self.tokens.get(count..).unwrap_or_default() }
    }

    /// Returns the tokens between here and a later place.
    pub(crate) fn until(self, later: Self) -> &'t [Token<'a>] {
        self.tokens.get(..self.tokens.len().saturating_sub(later.tokens.len())).unwrap_or_default()
    }

    /// Returns the place after a word that is one of `words`.
    pub(crate) fn word(self, words: &[&str]) -> Option<Self> {
        self.peek().is_some_and(|token| token.is_word() && words.iter().any(|word| token.is(word))).then(|| self.skip(1))
    }

    /// Returns the place after a mark.
    pub(crate) fn mark(self, mark: char) -> Option<Self> {
        self.peek().is_some_and(|token| token.is_mark(mark)).then(|| self.skip(1))
    }

    /// Returns the place after the point of an abbreviation, if it is there.
    pub(crate) fn past_point(self) -> Self {
        let is_point = self.peek().is_some_and(|token| token.glued && token.is_mark('.'));
        if is_point { self.skip(1) } else { self }
    }

    /// Returns the place after a word if it is there, and this one otherwise.
    pub(crate) fn past(self, words: &[&str]) -> Self {
        self.word(words).unwrap_or(self)
    }

    /// At an opening bracket that is closed: returns what is between it and its closing one, and the place after that.
    pub(crate) fn brackets(self) -> Option<(Self, Self)> {
        let close = self.peek()?.close?;
        Some((Self { tokens: self.tokens.get(1..close)? }, self.skip(close + 1)))
    }
}
