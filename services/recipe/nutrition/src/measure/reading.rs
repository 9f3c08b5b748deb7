//! Reads household measures.

use std::borrow::Cow;

use crate::table::Portion;
use crate::words::words;

/// Phrases of measures that are one qualifier, or none.
const PHRASES: [(&str, &str); 9] = [
    ("not packed", "unpacked"),
    ("without pits", "pitted"),
    ("with pits", "unpitted"),
    ("without skin", "skinless"),
    ("with skin", "unskinned"),
    ("without refuse", ""),
    ("without membranes", ""),
    ("extra large", "extralarge"),
    ("extra small", "extrasmall"),
];

/// Words of measures that qualify nothing.
const FILLERS: [&str; 15] =
    ["yield", "of", "as", "purchased", "ns", "to", "or", "and", "with", "without", "long", "one", "approx", "about", "single"];

/// Qualifiers of a measure that is the plain one of its food, as cream that is not whipped.
pub(super) const PLAIN: [&str; 5] = ["fluid", "raw", "regular", "fresh", "liquid"];

/// Sizes of pieces.
pub(super) const SIZES: [&str; 6] = ["small", "medium", "large", "extralarge", "extrasmall", "jumbo"];

/// Words of measures that are containers and units.
pub(super) const CONTAINERS: [&str; 27] = [
    "cup",
    "tbsp",
    "tsp",
    "fl",
    "oz",
    "lb",
    "quart",
    "pint",
    "ml",
    "liter",
    "serving",
    "nlea",
    "package",
    "packet",
    "can",
    "container",
    "box",
    "bag",
    "bottle",
    "jar",
    "envelope",
    "inch",
    "cubic",
    "drink",
    "portion",
    "unit",
    "recipe",
];

/// Words of measures that are parts of a piece. A line whose name has one means that part.
pub(super) const PARTS: [&str; 22] = [
    "slice", "wedge", "leaf", "stalk", "spear", "tip", "strip", "stick", "ring", "half", "section", "segment", "cube", "pat",
    "dash", "sprig", "bunch", "clove", "floweret", "patty", "cap", "stem",
];

/// Words of measures that are a piece of a food.
pub(super) const WHOLES: [&str; 10] = ["fruit", "piece", "head", "bulb", "root", "melon", "item", "link", "kernel", "nutmeat"];

/// Words that a line and a measure use for the same, each under the first.
pub(super) const SYNONYMS: [&[&str]; 14] = [
    &["slice", "sliced", "flake", "flaked"],
    &["chopped", "chop", "minced"],
    &["cube", "cubed", "diced", "dice"],
    &["piece", "chunk"],
    &["half", "halved"],
    &["shredded", "grated", "grate", "shred"],
    &["mashed", "mash", "pureed", "puree"],
    &["section", "sectioned", "segment", "segmented"],
    &["quartered", "quarter"],
    &["pitted", "stoned"],
    &["peeled", "pared"],
    &["tbsp", "tablespoon"],
    &["tsp", "teaspoon"],
    &["packed", "firmly"],
];

/// Words that a line and a measure use for the same kind of food.
const KINDS: [&[&str]; 3] = [&["italian", "plum", "roma"], &["elbow", "macaroni"], &["cherry", "grape"]];

/// A household measure and its words.
pub(super) struct Reading {
    pub(super) portion: &'static Portion,
    pub(super) words: Vec<String>,
}

impl Reading {
    /// Reads a measure.
    pub(super) fn of(portion: &'static Portion) -> Self {
        let words = words(&with_phrases(&outside_brackets(&portion.measure)));
        let is_word = |word: &String| !FILLERS.contains(&word.as_str()) && !word.bytes().all(|byte| byte.is_ascii_digit());
        Self { portion, words: words.into_iter().filter(is_word).collect() }
    }

    /// Returns whether a word is one of the measure.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    /// Returns the size that the measure is of.
    pub(super) fn size(&self) -> Option<&str> {
        self.words.iter().map(String::as_str).find(|word| SIZES.contains(word))
    }
}

/// Returns whether two words mean the same.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one == other || SYNONYMS.iter().chain(&KINDS).any(|words| words.contains(&one) && words.contains(&other))
}

/// Returns the text outside of its brackets, which state dimensions.
fn outside_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let is_outside = |c: &char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    text.chars().filter(is_outside).collect()
}

/// Replaces each of [`PHRASES`] by its word.
pub(super) fn with_phrases(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (phrase, word) in PHRASES {
        if text.contains(phrase) {
            text = Cow::Owned(text.replace(phrase, word));
        }
    }
    text
}
