//! A word of a text.

use super::judge::{Level, Way};
use crate::search_words::{Place, Slip, Token, misspelling, short_misspelling};

/// A word that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Folded, in all forms.
    pub(super) forms: Vec<String>,
    /// Stems of the forms, and of the word joined with its neighbours.
    pub(super) stems: Vec<Token>,
    /// Whether only the very same is asked for.
    pub(super) is_exact: bool,
    /// Whether it is a word of the kitchen, which is not misspelt.
    pub(super) is_word: bool,
    /// The fewest letters that may begin a word.
    pub(super) shortest_prefix: usize,
    /// Stems of words that begin so.
    pub(super) begun: Vec<Token>,
    /// Stems of words of which it may be a misspelling, and whether that replaces letters.
    pub(super) meant: Vec<(Token, bool)>,
}

impl Asked {
    /// Returns whether no recipe seems to have it: none of its stems is `known`.
    pub(super) fn is_unknown(&self, known: &[Token]) -> bool {
        !self.is_exact && !self.stems.iter().any(|stem| known.contains(stem))
    }

    /// Returns whether it may be misspelt.
    pub(super) fn is_doubtful(&self, known: &[Token], all: bool) -> bool {
        !self.is_exact && !self.is_word && (all || self.is_unknown(known))
    }

    /// Returns the beginnings of words that it may be.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        let long = |form: &&String| !self.is_exact && form.chars().nth(self.shortest_prefix - 1).is_some();
        self.forms.iter().filter(long).map(String::as_str)
    }

    /// Returns all tokens by which a recipe has the word, and how it then has it.
    pub(super) fn tokens(&self) -> impl Iterator<Item = (Token, Way)> {
        let exact = [Level::Name, Level::Tag, Level::Food, Level::Description];
        let exact = self.stems.iter().map(move |stem| (*stem, exact, false));
        let begun = self
            .begun
            .iter()
            .map(|stem| (*stem, [Level::BegunInName, Level::Elsewhere, Level::Elsewhere, Level::Elsewhere], false));
        let elsewhere = [Level::MisspeltInName, Level::Elsewhere, Level::Elsewhere, Level::Elsewhere];
        let meant = self.meant.iter().map(move |(stem, replaces)| (*stem, elsewhere, *replaces));
        exact.chain(begun).chain(meant).flat_map(|(stem, levels, replaces)| {
            Place::ALL.into_iter().zip(levels).map(move |(place, level)| (place.token(stem), Way { level, replaces }))
        })
    }
}

/// Returns how what was asked for differs from a known word, or its stem from the word's, if it may be a misspelling. Both are given with
/// their stems.
pub(super) fn nearest(asked: (&str, &str), known: (&str, &str), takes_short: bool) -> Option<Slip> {
    let (slip, of_stems) = (misspelling(asked.0, known.0), misspelling(asked.1, known.1));
    let of_short = if takes_short { short_misspelling(asked.0, known.0) } else { None };
    [slip, of_stems, of_short].into_iter().flatten().filter(|slip| slip.edits > 0).min()
}
