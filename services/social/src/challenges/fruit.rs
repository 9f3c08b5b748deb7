//! The fruits that challenges know: a list that grows and takes nothing back, so that what was once recorded stays what it was.

mod api;
pub(crate) mod wire;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use api::Api;

/// Version of the list, one more with each change.
pub const VERSION: i32 = 1;

/// A fruit in each line, in the order of their names: name, season in the northern hemisphere, what else it is called.
const TEXT: &str = include_str!("../../data/fruits.csv");

static LIST: LazyLock<List> = LazyLock::new(|| List::read(TEXT));

/// Half of the earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hemisphere {
    /// North of the equator.
    Northern,
    /// South of it.
    Southern,
}

/// A fruit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fruit {
    /// Its name, in lower case and in the singular.
    pub name: &'static str,
    /// What else it is called.
    pub aliases: Vec<&'static str>,
    season: Season,
}

impl Fruit {
    /// Months of its season, 1-12.
    pub fn months(&self, hemisphere: Hemisphere) -> impl Iterator<Item = u8> + '_ {
        (1..=12).filter(move |month| self.is_in_season(hemisphere, *month))
    }

    /// Whether it is in season in a month, 1-12.
    pub fn is_in_season(&self, hemisphere: Hemisphere, month: u8) -> bool {
        let northern = match hemisphere {
            Hemisphere::Northern => month,
            Hemisphere::Southern => (month + 5) % 12 + 1,
        };
        self.season.has(northern)
    }

    fn read(line: &'static str) -> Option<Self> {
        let (name, rest) = line.split_once(';')?;
        let (season, aliases) = rest.split_once(';')?;
        Some(Self { name, aliases: aliases.split(", ").collect(), season: Season::read(season)? })
    }
}

/// First and last month in the northern hemisphere; it may go over the turn of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Season(u8, u8);

impl Season {
    fn read(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self(1, 12));
        }
        let (first, last) = text.split_once('-')?;
        let month = |text: &str| text.parse().ok().filter(|month| (1..=12).contains(month));
        Some(Self(month(first)?, month(last)?))
    }

    fn has(self, month: u8) -> bool {
        let Self(first, last) = self;
        if first <= last { (first..=last).contains(&month) } else { month >= first || month <= last }
    }
}

struct List {
    fruits: Vec<Fruit>,
    by_word: HashMap<&'static str, usize>,
}

impl List {
    fn read(text: &'static str) -> Self {
        let fruits: Vec<Fruit> = text.lines().filter_map(Fruit::read).collect();
        let words = |(index, fruit): (usize, &Fruit)| {
            let words: Vec<_> = fruit.aliases.iter().chain([&fruit.name]).map(|word| (*word, index)).collect();
            words
        };
        let by_word = fruits.iter().enumerate().flat_map(words).collect();
        Self { fruits, by_word }
    }
}

/// All of them, in the order of their names.
pub fn all() -> &'static [Fruit] {
    &LIST.fruits
}

/// The fruit that is called so, without regard to case and to how words are set apart.
pub fn known(text: &str) -> Option<&'static Fruit> {
    let word = text.to_lowercase();
    let word = word.split(|c: char| c.is_whitespace() || c == '-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    LIST.by_word.get(word.as_str()).and_then(|index| LIST.fruits.get(*index))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// FNV-1a: good enough to notice a change.
    fn hash(text: &str) -> u64 {
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    #[test]
    fn a_changed_list_has_a_new_version() {
        // With a change of the list: one more, how many there are, and what this test finds.
        assert_eq!((VERSION, all().len(), hash(TEXT)), (1, 128, 3_400_361_617_035_127_217));
    }

    #[test]
    fn every_line_is_a_fruit_in_its_place() {
        assert_eq!(all().len(), TEXT.lines().count());
        assert!(all().is_sorted_by(|one, next| one.name < next.name));
        for fruit in all() {
            assert!(!fruit.aliases.is_empty(), "{} has no plural", fruit.name);
        }
    }

    #[test]
    fn no_word_is_two_fruits() {
        let mut words: BTreeMap<&str, &str> = BTreeMap::new();
        for fruit in all() {
            for word in fruit.aliases.iter().chain([&fruit.name]) {
                assert_eq!(words.insert(word, fruit.name), None, "{word}");
                assert_eq!(known(word), Some(fruit), "{word}");
                let fits = (1..=50).contains(&word.chars().count()) && *word == word.to_lowercase() && *word == word.trim();
                assert!(fits && !word.contains(['-', ';', ',']), "{word}");
            }
        }
    }

    #[test]
    fn words_are_known_however_they_are_written() {
        let table = [
            ("apple", Some("apple")),
            ("Apples", Some("apple")),
            ("  KIWI  fruit ", Some("kiwi")),
            ("star-fruit", Some("star fruit")),
            ("Kaki", Some("persimmon")),
            ("AÇAÍ", Some("acai")),
            ("", None),
            ("-", None),
            ("potato", None),
            ("app", None),
        ];
        for (text, name) in table {
            assert_eq!(known(text).map(|fruit| fruit.name), name, "{text:?}");
        }
    }

    #[test]
    fn seasons_are_half_a_year_apart() {
        let table: [(&str, &[u8], &[u8]); 4] = [
            ("apple", &[8, 9, 10, 11], &[2, 3, 4, 5]),
            ("kiwi", &[1, 2, 3, 10, 11, 12], &[4, 5, 6, 7, 8, 9]),
            ("cranberry", &[9, 10, 11, 12], &[3, 4, 5, 6]),
            ("banana", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ];
        for (name, northern, southern) in table {
            let fruit = known(name).expect("a fruit");
            let months = |hemisphere| fruit.months(hemisphere).collect::<Vec<_>>();
            assert_eq!((&*months(Hemisphere::Northern), &*months(Hemisphere::Southern)), (northern, southern), "{name}");
        }
    }

    #[test]
    fn lines_that_are_none_are_seen() {
        for line in ["", "apple", "apple;8-11", "apple;8;apples", "apple;0-3;apples", "apple;8-13;apples"] {
            assert_eq!(Fruit::read(line), None, "{line:?}");
        }
    }
}
