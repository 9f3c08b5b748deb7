//! Classes of words, and words that together are a food.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A class and its words per line.
const WORDS: &str = include_str!("../data/words.txt");
/// A first word and the words that may follow it per line.
const PHRASES: &str = include_str!("../data/phrases.txt");

static CLASSES: LazyLock<HashMap<&'static str, Class>> = LazyLock::new(|| read_classes(WORDS));
static FOODS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| read_phrases(PHRASES));

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
    /// A size of pieces or measures: "large".
    pub(crate) const SIZE: Self = Self(16);
    /// Begins a note: "for", "plus".
    pub(crate) const START: Self = Self(32);
    /// A part that a line may name before its amount: "juice".
    pub(crate) const PART: Self = Self(64);
    /// Stands before an amount: "about".
    pub(crate) const APPROX: Self = Self(128);
    /// A food that may stand in a list of foods.
    pub(crate) const FOOD: Self = Self(256);
    /// No food begins with it: "and".
    pub(crate) const LINK: Self = Self(512);
    /// Makes a note of what is in brackets: "only".
    pub(crate) const REMARK: Self = Self(1024);
    /// An amount without a number: "few".
    pub(crate) const OPEN: Self = Self(2048);
    /// A size of measures only: "heaped".
    pub(crate) const HEAP: Self = Self(4096);
    /// Is part of the food in tins: "diced".
    pub(crate) const TINNED: Self = Self(8192);

    /// Returns whether it shares a class with `other`.
    pub(crate) fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "adverb" => Self::ADVERB,
            "prep" => Self::PREP,
            "made" => Self::MADE,
            "state" => Self::STATE,
            "size" => Self::SIZE,
            "start" => Self::START,
            "part" => Self::PART,
            "approx" => Self::APPROX,
            "food" => Self::FOOD,
            "link" => Self::LINK,
            "remark" => Self::REMARK,
            "open" => Self::OPEN,
            "heap" => Self::HEAP,
            "tinned" => Self::TINNED,
            _ => return None,
        })
    }
}

/// Returns the classes of a word in lower case.
pub(crate) fn class(word: &str) -> Class {
    CLASSES.get(word).copied().or_else(|| compound(word)).unwrap_or_default()
}

/// Returns whether two words in lower case are a food, or the beginning of one: "split peas".
pub(crate) fn is_food(first: &str, next: &str) -> bool {
    FOODS.get(first).is_some_and(|words| words.contains(&next))
}

/// Returns the classes of words such as "roughly-chopped", "gluten-free" and "thumb-sized".
fn compound(word: &str) -> Option<Class> {
    let (first, last) = word.rsplit_once('-')?;
    let class = CLASSES.get(last).copied().unwrap_or_default();
    if class.is(Class::PREP) && (first == "fresh" || CLASSES.get(first).is_some_and(|class| class.is(Class::ADVERB))) {
        return Some(Class::PREP);
    }
    if class.is(Class::SIZE) && CLASSES.get(first).is_some_and(|class| class.is(Class::SIZE)) {
        return Some(Class::SIZE);
    }
    Some(match last {
        "size" | "sized" | "thin" | "thick" => Class::SIZE,
        "free" | "fat" | "sodium" | "salt" | "sugar" | "grain" | "purpose" | "quality" | "style" | "ripe" | "cut" | "in"
        | "on" | "off" | "aged" | "range" | "caught" | "made" | "bought" | "fed" | "raised" | "strength" | "flavored"
        | "flavoured" => Class::STATE,
        "dried" | "smoked" | "cured" | "roasted" => Class::MADE,
        _ => return None,
    })
}

fn lines(text: &'static str) -> impl Iterator<Item = (&'static str, std::str::SplitWhitespace<'static>)> {
    let fields = |line: &'static str| line.split_once(": ").map(|(name, words)| (name, words.split_whitespace()));
    text.lines().filter(|line| !line.starts_with('#')).filter_map(fields)
}

fn read_classes(text: &'static str) -> HashMap<&'static str, Class> {
    let mut classes: HashMap<&'static str, Class> = HashMap::new();
    for (name, words) in lines(text) {
        let class = Class::named(name).unwrap_or_default();
        for word in words {
            let known = classes.entry(word).or_default();
            *known = known.or(class);
        }
    }
    classes
}

fn read_phrases(text: &'static str) -> HashMap<&'static str, Vec<&'static str>> {
    lines(text).map(|(first, words)| (first, words.collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_data_is_read() {
        for line in WORDS.lines().chain(PHRASES.lines()).filter(|line| !line.starts_with('#')) {
            assert!(line.split_once(": ").is_some_and(|(name, words)| !name.is_empty() && !words.is_empty()), "{line:?}");
        }
        for (name, words) in lines(WORDS) {
            let class = Class::named(name);
            assert!(class.is_some(), "{name} is no class");
            for word in words {
                assert!(class.is_some_and(|class| super::class(word).is(class)), "{word} is not {name}");
            }
        }
    }

    #[test]
    fn compounds_are_classed_by_their_last_word() {
        let table = [
            ("roughly-chopped", Class::PREP),
            ("gluten-free", Class::STATE),
            ("thumb-sized", Class::SIZE),
            ("small-medium", Class::SIZE),
            ("paper-thin", Class::SIZE),
            ("sherry-chopped", Class::default()),
            ("half-and-half", Class::default()),
        ];
        for (word, expected) in table {
            assert_eq!(class(word), expected, "{word}");
        }
    }

    #[test]
    fn phrases_are_in_order() {
        assert!(is_food("split", "peas"));
        assert!(!is_food("peas", "split"));
        assert!(!is_food("split", "onions"));
    }
}
