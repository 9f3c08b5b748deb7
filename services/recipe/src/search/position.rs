//! Where a search has come to.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::judge::{Fit, Level};
use super::store::{Brief, Sorted};

/// Classes of recipes that meet a text, the best first. In each, all words are met at least so well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Class {
    /// By the same words in the name.
    Name,
    /// By the same words anywhere.
    Exact,
    /// By words that begin so, or are meant.
    Loose,
}

impl Class {
    pub(super) fn level(self) -> Level {
        match self {
            Self::Name => Level::Name,
            Self::Exact => Level::Description,
            Self::Loose => Level::Elsewhere,
        }
    }
}

/// The place of a recipe among those that are ranked. The least comes first.
pub(super) type Rank = (Fit, Reverse<Brief>);

/// Some of the recipes whose names have begun or meant words: those that one step ranks. The first parts have the briefest names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// The last recipe of the part before.
    pub(super) from: Option<Brief>,
    /// The last recipe of this part, which recipes that are added later do not move; `None` if the part has all that are left.
    pub(super) until: Option<Brief>,
    /// Whether no recipe has the same words, so that none of the part was found by them.
    pub(super) is_alone: bool,
}

impl Part {
    /// Returns the first part if no recipe has the same words.
    pub(super) fn alone() -> Self {
        Self { is_alone: true, ..Self::default() }
    }
}

/// The position of a recipe in the order of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Position {
    Named(Brief),
    Ranked(Class, Rank),
    /// In a class that is too large to be ranked.
    Scanned(Class, Brief),
    Listed(Sorted),
    LooselyNamed(Part, Rank),
}

/// What a step has come to: recipes in their order, each with its position. The last position is where it stopped, with no recipe if none
/// was found there.
pub(super) type Reached = Vec<(Position, Option<Uuid>)>;

/// What to look at next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    /// Recipes that meet a text with words that no recipe seems to have.
    Misspelt,
    Names(Option<Brief>),
    Ranking(Class, Option<Rank>),
    Scan(Class, Option<Brief>),
    /// Recipes whose names have begun or meant words.
    LooseNames(Part, Option<Rank>),
    /// Recipes that meet the conditions, if they are few enough to be sorted.
    Sorting(Option<Sorted>),
    List(Option<Sorted>),
    Nothing,
}

impl From<Position> for Next {
    /// Returns what to look at behind a position.
    fn from(position: Position) -> Self {
        match position {
            Position::Named(brief) => Self::Names(Some(brief)),
            Position::Ranked(class, rank) => Self::Ranking(class, Some(rank)),
            Position::Scanned(class, brief) => Self::Scan(class, Some(brief)),
            Position::Listed(sorted) => Self::Sorting(Some(sorted)),
            Position::LooselyNamed(part, rank) => Self::LooseNames(part, Some(rank)),
        }
    }
}
