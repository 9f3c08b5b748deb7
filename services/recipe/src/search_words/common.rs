//! Words that say little, words that are never misspelt ones, and words that are written apart.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::fold::Word;
use super::stem::stem;

/// Words of the kitchen, one a line.
const WORDS: &str = include_str!("../../data/words.txt");

static STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| WORDS.lines().map(stem).collect());

/// Words that names have beside those that people look for, some as they are often misspelt.
const COMMON: &[&str] = &[
    "a", "adn", "al", "an", "and", "au", "aux", "avec", "con", "d", "das", "de", "del", "dem", "den", "der", "des", "di", "die",
    "du", "e", "el", "en", "et", "for", "from", "im", "in", "l", "la", "le", "les", "mit", "of", "on", "or", "recipe", "recipes",
    "s", "the", "to", "und", "wih", "wiht", "with", "wth", "wtih", "y", "your",
];

/// Returns whether a folded word says little about a recipe.
pub(crate) fn is_common(word: &str) -> bool {
    COMMON.binary_search(&word).is_ok()
}

/// Returns whether a folded word is a word of the kitchen, and so no misspelling of another: "pasta" is not "paste".
pub(crate) fn is_word(word: &str) -> bool {
    STEMS.contains(&stem(word))
}

/// Returns two neighbours written as one word.
pub(crate) fn joined(one: &Word, other: &Word) -> Option<String> {
    (!one.is_unspaced && !other.is_unspaced).then(|| format!("{}{}", one.plain, other.plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_in_order() {
        assert!(COMMON.is_sorted());
        assert!(is_common("with") && !is_common("lime"));
    }

    #[test]
    fn words_are_in_order_and_folded() {
        let words: Vec<&str> = WORDS.lines().collect();
        assert!(
            words.is_sorted()
                && words.iter().all(|word| word.len() > 3 && word.bytes().all(|letter| letter.is_ascii_lowercase()))
        );
        assert!(is_word("pasta") && is_word("peaches") && !is_word("aple"));
    }
}
