//! How well a recipe meets a text.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::search_words::{Place, Token};

/// The most words that a text may ask for. Others are not read.
pub(super) const MAX_WORDS: usize = 10;

/// How a recipe has a word, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Level {
    Name,
    Tag,
    Food,
    Description,
    /// The name has a word that begins so.
    BegunInName,
    /// The name has a word of which this may be a misspelling.
    MisspeltInName,
    /// The same elsewhere.
    Elsewhere,
}

/// How well a recipe meets a query. Less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Fit {
    /// How the recipe has the word that it has worst.
    pub(super) worst: Level,
    /// How the recipe has all words.
    pub(super) cost: i16,
}

/// How a recipe has a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) level: Level,
    /// Whether the word is misspelt with a wrong letter.
    pub(super) replaces: bool,
}

/// Judges recipes by a query.
#[derive(Debug)]
pub(super) struct Judge {
    /// The number of words.
    pub(super) words: usize,
    /// By token, the words that a recipe with the token has, and how.
    pub(super) ways: HashMap<Token, Vec<(usize, Way)>>,
}

impl Judge {
    /// Returns how well a recipe with these tokens meets the query, or `None` if it lacks a word.
    pub(super) fn fit(&self, tokens: &[Token]) -> Option<Fit> {
        self.fit_of(tokens.iter())
    }

    /// Returns the same of its name alone.
    pub(super) fn fit_in_name(&self, tokens: &[Token]) -> Option<Fit> {
        self.fit_of(tokens.iter().filter(|token| Place::Name.has(**token)))
    }

    fn fit_of<'a>(&self, tokens: impl Iterator<Item = &'a Token>) -> Option<Fit> {
        let mut best: [Option<Way>; MAX_WORDS] = [None; MAX_WORDS];
        for (word, way) in tokens.filter_map(|token| self.ways.get(token)).flatten() {
            best[*word] = Some(best[*word].map_or(*way, |known| known.min(*way)));
        }
        let mut fit = Fit { worst: Level::Name, cost: 0 };
        for way in &best[..self.words] {
            let Way { level, replaces } = (*way)?;
            fit = Fit { worst: fit.worst.max(level), cost: fit.cost + 2 * level as i16 + i16::from(replaces) };
        }
        Some(fit)
    }
}
