//! Classes of words.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A class and its words per line.
const TEXT: &str = include_str!("../data/words.txt");

static CLASSES: LazyLock<HashMap<&'static str, Class>> = LazyLock::new(|| read(TEXT));

/// A set of classes that a word is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Class(u16);

impl Class {
    /// Stands before a participle: "finely".
    pub(crate) const ADVERB: Self = Self(1);
    /// What the cook does: "chopped".
    pub(crate) const PREP: Self = Self(2);
    /// What was done before it was bought, and keeps later participles in the food: "frozen".
    pub(crate) const MADE: Self = Self(4);
    /// An adjective of the food: "fresh".
    pub(crate) const STATE: Self = Self(8);
    /// A size of pieces or measures: "large", "heaped".
    pub(crate) const SIZE: Self = Self(16);
    /// Begins a note: "for", "plus".
    pub(crate) const START: Self = Self(32);
    /// A part that a line may name before its amount: "juice".
    pub(crate) const PART: Self = Self(64);
    /// Stands before an amount: "about".
    pub(crate) const APPROX: Self = Self(128);
    /// A food that may stand in a list of foods.
    pub(crate) const FOOD: Self = Self(256);

    /// Returns whether it shares a class with `other`.
    pub(crate) fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Returns the classes of a word in lower case.
pub(crate) fn class(word: &str) -> Class {
    CLASSES.get(word).copied().or_else(|| compound(word)).unwrap_or_default()
}

/// Returns the classes of words such as "roughly-chopped" and "gluten-free".
fn compound(word: &str) -> Option<Class> {
    let (first, last) = word.rsplit_once('-')?;
    let class = CLASSES.get(last).copied().unwrap_or_default();
    let is_adverb = CLASSES.get(first).is_some_and(|class| class.is(Class::ADVERB));
    if is_adverb && class.is(Class::PREP) {
        return Some(Class::PREP);
    }
    let suffixes = [
        "free",
        "fat",
        "sodium",
        "salt",
        "sugar",
        "grain",
        "purpose",
        "quality",
        "style",
        "ripe",
        "cut",
        "in",
        "on",
        "off",
        "aged",
        "range",
        "caught",
        "made",
        "bought",
        "fed",
        "raised",
        "strength",
        "dried",
        "smoked",
        "cured",
        "roasted",
        "flavored",
        "flavoured",
    ];
    suffixes.contains(&last).then_some(Class::STATE)
}

fn read(text: &'static str) -> HashMap<&'static str, Class> {
    let mut classes: HashMap<&'static str, Class> = HashMap::new();
    for (name, words) in text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")) {
        let class = match name {
            "adverb" => Class::ADVERB,
            "prep" => Class::PREP,
            "made" => Class::MADE,
            "state" => Class::STATE,
            "size" => Class::SIZE,
            "start" => Class::START,
            "part" => Class::PART,
            "approx" => Class::APPROX,
            "food" => Class::FOOD,
            _ => continue,
        };
        for word in words.split_whitespace() {
            let known = classes.entry(word).or_default();
            *known = known.or(class);
        }
    }
    classes
}
