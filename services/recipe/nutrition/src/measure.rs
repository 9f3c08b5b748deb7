//! Chooses among the household measures of a food.

use std::borrow::Cow;

use crate::table::{Food, Portion};
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
const FILLERS: [&str; 14] =
    ["yield", "of", "as", "purchased", "ns", "to", "or", "and", "with", "without", "long", "one", "approx", "about"];

/// Qualifiers of a measure that is the plain one of its food, as cream that is not whipped.
const PLAIN: [&str; 5] = ["fluid", "raw", "regular", "fresh", "liquid"];

/// No measure of the table has more qualifiers.
const MOST_QUALIFIERS: usize = 10;

/// Sizes of pieces.
const SIZES: [&str; 6] = ["small", "medium", "large", "extralarge", "extrasmall", "jumbo"];

/// Words of measures that are containers and units.
const CONTAINERS: [&str; 27] = [
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
const PARTS: [&str; 22] = [
    "slice", "wedge", "leaf", "stalk", "spear", "tip", "strip", "stick", "ring", "half", "section", "segment", "cube", "pat",
    "dash", "sprig", "bunch", "clove", "floweret", "patty", "cap", "stem",
];

/// Words of measures that are a piece of a food.
const WHOLES: [&str; 8] = ["fruit", "piece", "head", "bulb", "root", "melon", "item", "link"];

/// Words that a line and a measure use for the same, each under the first.
const SYNONYMS: [&[&str]; 16] = [
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
    &["italian", "plum", "roma"],
    &["tbsp", "tablespoon"],
    &["tsp", "teaspoon"],
    &["packed", "firmly"],
    &["elbow", "macaroni"],
];

/// A household measure and its words.
pub(crate) struct Reading {
    pub(crate) portion: &'static Portion,
    words: Vec<String>,
}

impl Reading {
    fn of(portion: &'static Portion) -> Self {
        let words = words(&with_phrases(&outside_brackets(&portion.measure)));
        let is_word = |word: &String| !FILLERS.contains(&word.as_str()) && !word.bytes().all(|byte| byte.is_ascii_digit());
        Self { portion, words: words.into_iter().filter(is_word).collect() }
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    fn size(&self) -> Option<&str> {
        self.words.iter().map(String::as_str).find(|word| SIZES.contains(word))
    }
}

/// What a measure is of.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A piece, of which there are sizes. The medium one is the usual one.
    Piece,
    /// Another part of the food, of which there may be sizes.
    Noun,
    /// A cup. The food in it is whole when the line does not say otherwise.
    Cup,
    /// Another volume.
    Volume,
}

/// What a line says about the measure of its food.
pub(crate) struct Wanted {
    /// Words of the name.
    name: Vec<String>,
    /// Words of the name and of the other texts.
    words: Vec<String>,
    /// Size of a piece.
    size: Option<String>,
}

impl Wanted {
    /// Reads the name and the note of a line, and texts that may name a size, as the name may. Sizes in a note are of what is cut.
    pub(crate) fn read(name: &str, note: &str, sizes: &[&str]) -> Self {
        let read = |text: &str| words(&with_phrases(&text.to_lowercase().replace('-', " ")));
        let name = read(name);
        let sizes = sizes.iter().flat_map(|text| read(text)).chain(name.iter().cloned());
        let size = sizes.into_iter().find(|word| SIZES.contains(&word.as_str()));
        let words = name.iter().cloned().chain(read(note)).collect();
        Self { name, words, size }
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| is_same(own, word))
    }

    /// Rates a measure whose words beside `nouns` qualify it: the lowest is the best. None when its size is another than the line's.
    fn rate(&self, reading: &Reading, is_noun: impl Fn(&str) -> bool, kind: Kind) -> Option<[usize; 5]> {
        let size = match (self.size.as_deref(), reading.size()) {
            (Some(wanted), Some(own)) if wanted == own => 0,
            (Some(_), None) => 1,
            (None, Some("medium")) => usize::from(kind != Kind::Piece),
            (None, None) => usize::from(kind == Kind::Piece),
            _ if matches!(kind, Kind::Cup | Kind::Volume) => 2,
            _ => return None,
        };
        let is_qualifier = |word: &&str| !is_noun(word) && !SIZES.contains(word);
        let qualifiers: Vec<_> = reading.words.iter().map(String::as_str).filter(is_qualifier).collect();
        let alike = qualifiers.iter().filter(|word| self.has(word)).count();
        let exact = qualifiers.iter().filter(|word| self.words.iter().any(|own| own == *word)).count();
        let is_plain_word =
            |word: &&str| PLAIN.contains(word) || word.starts_with("un") || kind != Kind::Volume && *word == "whole";
        let is_plain = qualifiers.iter().all(is_plain_word);
        let plainness = usize::from(!qualifiers.is_empty()) + usize::from(!is_plain);
        let unlike = usize::from(alike == 0);
        Some([unlike, size, unlike * plainness, (2 * MOST_QUALIFIERS).saturating_sub(exact + alike), qualifiers.len() - alike])
    }

    fn best(
        &self,
        readings: impl Iterator<Item = Reading>,
        is_noun: impl Fn(&str) -> bool,
        kind: Kind,
    ) -> Option<&'static Portion> {
        let rated = readings.filter_map(|reading| Some((self.rate(&reading, &is_noun, kind)?, reading.portion)));
        rated.min_by_key(|(rating, _)| *rating).map(|(_, portion)| portion)
    }

    /// Returns the food's own measure of a noun, such as `clove`: the one whose qualifier the line names, else the plain one.
    pub(crate) fn noun(&self, food: &'static Food, noun: &str) -> Option<&'static Portion> {
        let nouns: Vec<&str> = noun.split(' ').collect();
        let readings = food.portions.iter().map(Reading::of).filter(|reading| nouns.iter().all(|noun| reading.has(noun)));
        self.best(readings, |word| nouns.contains(&word), Kind::Noun)
    }

    /// Returns the food's own measure of a volume, such as `cup`, in the same way. It starts with the name of the volume.
    pub(crate) fn volume(&self, food: &'static Food, name: &str) -> Option<&'static Portion> {
        let nouns: Vec<&str> = name.split(' ').collect();
        let starts = |reading: &Reading| {
            reading.words.len() >= nouns.len() && reading.words.iter().zip(&nouns).all(|(word, noun)| is_same(word, noun))
        };
        let kind = if name == "cup" { Kind::Cup } else { Kind::Volume };
        self.best(food.portions.iter().map(Reading::of).filter(starts), |word| nouns.iter().any(|noun| is_same(word, noun)), kind)
    }

    /// Returns the measure of a piece: of the size that the line names, else the medium one, else the one without a size. The only measure of a
    /// piece is taken whatever its size when the line names none.
    pub(crate) fn piece(&self, food: &'static Food) -> Option<&'static Portion> {
        let description: String = words(&food.description).concat();
        let is_noun = |word: &str| WHOLES.contains(&word) || word.len() > 2 && description.contains(word);
        let parts: Vec<&str> = PARTS.into_iter().filter(|part| self.name.iter().any(|word| word == part)).collect();
        let is_piece = |reading: &Reading| {
            let is_of = |words: &[&str]| reading.words.iter().any(|word| words.contains(&word.as_str()));
            let is_item = |word: &String| SIZES.contains(&word.as_str()) || is_noun(word) || self.has(word);
            let is_right_part = if parts.is_empty() { !is_of(&PARTS) } else { parts.iter().all(|part| is_of(&[*part])) };
            is_right_part && !is_of(&CONTAINERS) && reading.words.iter().any(is_item)
        };
        let readings = || food.portions.iter().map(Reading::of).filter(is_piece);
        let only = || readings().next().filter(|_| self.size.is_none() && readings().count() == 1).map(|reading| reading.portion);
        self.best(readings(), is_noun, Kind::Piece).or_else(only)
    }
}

/// Returns whether two words mean the same.
fn is_same(one: &str, other: &str) -> bool {
    one == other || SYNONYMS.iter().any(|words| words.contains(&one) && words.contains(&other))
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
fn with_phrases(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (phrase, word) in PHRASES {
        if text.contains(phrase) {
            text = Cow::Owned(text.replace(phrase, word));
        }
    }
    text
}
