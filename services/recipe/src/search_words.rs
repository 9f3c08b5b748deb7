//! Words as search compares them: folded, in singular, in one spelling, and as tokens of the index. Nothing here knows of recipes.

mod common;
mod edits;
mod fold;
mod script;
mod stem;
mod token;

pub(crate) use common::{is_common, is_word, joined};
pub(crate) use edits::{Slip, misspelling, misspelt_beginning, short_misspelling};
pub(crate) use fold::{Word, whole, words};
pub(crate) use stem::stem;
pub(crate) use token::{Place, Token, fact, stem_token};

/// Returns the fragments by which a word is found although it is misspelt: its own, and those of its stem.
pub(crate) fn reach(word: &str) -> Vec<Token> {
    let mut fragments = edits::fragments(word);
    fragments.extend(edits::fragments(&stem(word)));
    fragments.sort_unstable();
    fragments.dedup();
    fragments
}
