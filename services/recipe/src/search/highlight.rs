//! Which parts of a recipe have met a text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::searching::Hit;
use crate::search_words::{Token, Word, joined, stem, stem_token, words};

/// The longest part of a description that is shown, in code points, and how much of it is before the first match.
const EXCERPT: (usize, usize) = (200, 60);

/// The most texts of a recipe that are shown.
const MOST: usize = 10;

/// A text of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Description,
    Food,
    Tag,
}

/// A text that has met words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Highlight {
    pub(super) field: Field,
    /// The number of the ingredient or the tag, from 0.
    pub(super) index: usize,
    /// The text, or an excerpt of a long one.
    pub(super) text: String,
    /// The words, in code points of the text.
    pub(super) ranges: Vec<Range<usize>>,
}

/// The stems that were found, and which words have one of them: the recipes of a page have many words in common.
#[derive(Debug)]
pub(super) struct Matches {
    stems: HashSet<Token>,
    known: HashMap<String, bool>,
}

impl Matches {
    pub(super) fn of(stems: &[Token]) -> Self {
        Self { stems: stems.iter().copied().collect(), known: HashMap::new() }
    }

    fn has(&mut self, form: &str) -> bool {
        if let Some(is_found) = self.known.get(form) {
            return *is_found;
        }
        let is_found = self.stems.contains(&stem_token(&stem(form)));
        self.known.insert(form.to_owned(), is_found);
        is_found
    }

    /// Returns where words are found. Two neighbours may make one word, as in the index; not in a description.
    fn ranges(&mut self, field: Field, words: &[Word]) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> =
            words.iter().filter(|word| word.forms().any(|form| self.has(form))).map(|word| word.range.clone()).collect();
        if field != Field::Description {
            for pair in words.windows(2) {
                if joined(&pair[0], &pair[1]).is_some_and(|form| self.has(&form)) {
                    ranges.extend(pair.iter().map(|word| word.range.clone()));
                }
            }
        }
        merged(ranges)
    }
}

/// Returns the texts of a recipe that have words with one of the stems, up to [`MOST`], of which one is kept for the description.
pub(super) fn highlights(hit: &Hit, matches: &mut Matches) -> Vec<Highlight> {
    let heading = &hit.summary.heading;
    let name = [(Field::Name, 0, heading.recipe_name.as_str())];
    let tags = heading.tags.iter().enumerate().map(|(index, tag)| (Field::Tag, index, tag.as_str()));
    let foods = hit.foods.iter().enumerate().map(|(index, food)| (Field::Food, index, food.as_str()));
    let short = name.into_iter().chain(tags).chain(foods);
    let mut found: Vec<Highlight> =
        short.filter_map(|(field, index, text)| highlight(field, index, text, matches)).take(MOST - 1).collect();
    found.extend(heading.description.iter().filter_map(|text| highlight(Field::Description, 0, text, matches)));
    found
}

fn highlight(field: Field, index: usize, text: &str, matches: &mut Matches) -> Option<Highlight> {
    let words = words(text, true);
    let ranges = matches.ranges(field, &words);
    let first = ranges.first()?.start;
    if field != Field::Description || text.chars().count() <= EXCERPT.0 {
        return Some(Highlight { field, index, text: text.to_owned(), ranges });
    }
    // From the beginning of a word.
    let from = words.iter().map(|word| word.range.start).find(|start| start + EXCERPT.1 >= first).unwrap_or(first);
    let until = from + EXCERPT.0;
    let text = text.chars().skip(from).take(EXCERPT.0).collect();
    let ranges =
        ranges.into_iter().filter(|range| range.end <= until).map(|range| range.start - from..range.end - from).collect();
    Some(Highlight { field, index, text, ranges })
}

/// Joins ranges that overlap or touch.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(words: &[&str]) -> Matches {
        let stems: Vec<Token> = words.iter().map(|word| stem_token(&stem(word))).collect();
        Matches::of(&stems)
    }

    fn ranges(text: &str, words: &[&str]) -> Vec<Range<usize>> {
        highlight(Field::Name, 0, text, &mut matches(words)).map(|found| found.ranges).unwrap_or_default()
    }

    #[test]
    fn words_are_found_in_any_form() {
        assert_eq!(ranges("Pêche Crème & Peaches", &["peche", "peach"]), [0..5, 14..21]);
        assert_eq!(ranges("Früchte und fruechte", &["fruechte"]), [0..7, 12..20]);
        assert_eq!(ranges("Blue berry pie", &["blueberry"]), [0..4, 5..10]);
        assert_eq!(ranges("🍑 白桃ゼリー 🍑 白桃", &["白桃", "桃ゼ"]), [2..5, 10..12]);
        assert_eq!(ranges("Rice", &["ice"]), []);
    }

    #[test]
    fn long_descriptions_are_cut_around_the_first_match() {
        let text = format!("{} Ripe plums, and more plums {}", "x ".repeat(200).trim(), "y ".repeat(300));
        let found = highlight(Field::Description, 0, &text, &mut matches(&["plum"])).expect("found");
        assert_eq!(found.text.chars().count(), EXCERPT.0);
        let covered = |range: &Range<usize>| found.text.chars().skip(range.start).take(range.len()).collect::<String>();
        assert_eq!(found.ranges.iter().map(covered).collect::<Vec<_>>(), ["plums", "plums"]);
        assert_eq!(highlight(Field::Description, 0, &text, &mut matches(&["fig"])), None);
    }
}
