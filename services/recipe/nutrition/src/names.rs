//! The names under which ingredient lines know the foods.

use std::collections::HashMap;
use std::sync::LazyLock;

use csv::StringRecord;

use crate::form::Forms;
use crate::table::{Food, food, records};
use crate::words::words;

/// One food and form per line: number, description, form, and the names separated by semicolons. An asterisk marks a form that the name
/// implies, so that the line need not name it: anchovies are canned.
const NAMES: &str = include_str!("../data/names.csv");

/// Words beside the name that leave the food the same, and the forms that they name.
const WORDS: &str = include_str!("../data/words.csv");

/// The most words of a name, and of an entry of [`WORDS`].
const LONGEST: usize = 6;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::read(NAMES, WORDS));

/// A food as one of its names knows it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    food: &'static Food,
    /// Forms that the line has to name.
    needed: Forms,
    /// Forms that the name implies.
    implied: Forms,
}

impl Entry {
    /// Returns whether a line in these forms is the food of the entry.
    fn fits(&self, forms: Forms) -> bool {
        let known = self.needed.and(self.implied);
        let is_fresh_and_preserved = Forms::FRESH.is_within(forms) && known.meets(Forms::PRESERVED);
        self.needed.is_within(forms) && forms.without(Forms::MINOR).is_within(known) && !is_fresh_and_preserved
    }
}

struct Dictionary {
    names: HashMap<String, Vec<Entry>>,
    words: HashMap<String, Forms>,
}

impl Dictionary {
    fn read(names: &str, others: &str) -> Self {
        let mut dictionary = Self { names: HashMap::new(), words: HashMap::new() };
        for (entry, names) in records(names).filter_map(|record| read_entry(&record)) {
            for name in names {
                let entries = dictionary.names.entry(name).or_default();
                entries.push(entry);
            }
        }
        for record in records(others) {
            if let (Some(text), Some(forms)) = (record.get(0), record.get(1).and_then(Forms::read)) {
                dictionary.words.insert(words(text).join(" "), forms);
            }
        }
        dictionary
    }
}

fn read_entry(record: &StringRecord) -> Option<(Entry, Vec<String>)> {
    let (implied, needed): (Vec<_>, Vec<_>) = record.get(2)?.split_whitespace().partition(|form| form.starts_with('*'));
    let entry = Entry {
        food: food(record.get(0)?)?,
        needed: Forms::read(&needed.join(" "))?,
        implied: Forms::read(&implied.join(" ").replace('*', ""))?,
    };
    Some((entry, record.get(3)?.split(';').map(|name| words(name).join(" ")).collect()))
}

/// Returns the food of a name in these forms: of the entries that fit, the one that needs most of them.
fn named(name: &[String], forms: Forms) -> Option<&'static Food> {
    let entries = DICTIONARY.names.get(&name.join(" "))?.iter().rev();
    entries.filter(|entry| entry.fits(forms)).max_by_key(|entry| entry.needed.count()).map(|entry| entry.food)
}

/// Splits words into those that are in no entry of [`WORDS`], and the forms of the others.
fn strip(words: &[String]) -> (Vec<String>, Forms) {
    let (mut core, mut forms, mut rest) = (Vec::new(), Forms::default(), words);
    while let Some((first, others)) = rest.split_first() {
        let known =
            |count: usize| rest.get(..count).and_then(|part| DICTIONARY.words.get(&part.join(" "))).map(|found| (count, *found));
        if let Some((count, found)) = (1..=LONGEST.min(rest.len())).rev().find_map(known) {
            forms = forms.and(found);
            rest = rest.get(count..).unwrap_or_default();
        } else {
            if !first.bytes().all(|byte| byte.is_ascii_digit()) {
                core.push(first.clone());
            }
            rest = others;
        }
    }
    (core, forms)
}

/// Returns the forms of words, or none when a word says something else than a form.
pub(crate) fn forms_of(words: &[String]) -> Option<Forms> {
    let (core, forms) = strip(words);
    core.is_empty().then_some(forms)
}

/// Returns the food that words name in these forms. Every word has to be part of the name or of an entry of [`WORDS`], so that words which
/// say more, as `extract` or a brand, name no food.
pub(crate) fn find(words: &[String], forms: Forms) -> Option<&'static Food> {
    let longest = LONGEST.min(words.len());
    for (length, start) in (1..=longest).rev().flat_map(|length| (0..=words.len() - length).map(move |start| (length, start))) {
        let (before, rest) = words.split_at_checked(start)?;
        let (name, after) = rest.split_at_checked(length)?;
        if !DICTIONARY.names.contains_key(&name.join(" ")) {
            continue;
        }
        let beside = forms_of(before).zip(forms_of(after)).map(|(before, after)| before.and(after).and(forms));
        if let Some(food) = beside.and_then(|forms| named(name, forms)) {
            return Some(food);
        }
    }
    let (core, stripped) = strip(words);
    named(&core, stripped.and(forms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        for record in records(NAMES) {
            let (entry, names) = read_entry(&record).unwrap_or_else(|| panic!("{record:?}"));
            assert_eq!(Some(&*entry.food.description), record.get(1), "{record:?}");
            assert!(names.iter().all(|name| (1..=LONGEST).contains(&name.split(' ').count())), "{record:?}");
        }
        for record in records(WORDS) {
            assert!(record.get(1).and_then(Forms::read).is_some(), "{record:?}");
        }
    }

    #[test]
    fn a_name_and_form_is_one_food() {
        for (name, entries) in &DICTIONARY.names {
            for (index, one) in entries.iter().enumerate() {
                let same = |other: &Entry| (other.needed, other.implied) == (one.needed, one.implied) && other.food != one.food;
                assert!(!entries.iter().skip(index + 1).any(same), "{name}: {}", one.food.description);
            }
        }
    }

    #[test]
    fn the_form_that_is_named_decides() {
        let table = [
            ("raspberries", "Raspberries, raw"),
            ("frozen raspberries", "Raspberries, frozen, unsweetened"),
            ("frozen mango", "Mangos, raw"),
            ("dried basil", "Spices, basil, dried"),
            ("basil", "Basil, fresh"),
            ("oregano", "Spices, oregano, dried"),
            ("fresh oregano", ""),
            ("smoked paprika", ""),
        ];
        for (text, expected) in table {
            let found = find(&words(text), Forms::default());
            assert_eq!(found.map_or("", |food| &food.description), expected, "{text}");
        }
    }
}
