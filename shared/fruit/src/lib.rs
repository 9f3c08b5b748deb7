//! The fruits that the suite knows. The list only grows, so that recorded fruits keep their meaning.
//!
//! `orchard.social.v1.FruitService` serves it. Services that decide by it, as recipe does, use this crate: a list of their own would differ,
//! and asking for it would tie their calls to another service.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Version of the list. Each change adds one.
pub const VERSION: i32 = 1;

/// One fruit per line, ordered by name: name, season in the northern hemisphere, aliases.
const TEXT: &str = include_str!("../data/fruits.csv");

static LIST: LazyLock<List> = LazyLock::new(|| List::read(TEXT));

/// A hemisphere of the earth.
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
    /// Other names, its plural among them.
    pub aliases: Vec<&'static str>,
    season: Season,
}

impl Fruit {
    /// Returns the months of its season, 1-12.
    pub fn months(&self, hemisphere: Hemisphere) -> impl Iterator<Item = u8> + '_ {
        (1..=12).filter(move |month| self.is_in_season(hemisphere, *month))
    }

    /// Returns whether it is in season in a month, 1-12.
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

/// First and last month in the northern hemisphere. The first may be later than the last.
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

/// Returns all fruits, ordered by name.
pub fn all() -> &'static [Fruit] {
    &LIST.fruits
}

/// Returns the fruit of a name or alias, in any case, with any whitespace or hyphens between words.
pub fn find(text: &str) -> Option<&'static Fruit> {
    let word = text.to_lowercase();
    let word = word.split(|c: char| c.is_whitespace() || c == '-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    LIST.by_word.get(word.as_str()).and_then(|index| LIST.fruits.get(*index))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// FNV-1a, which suffices to notice a change.
    fn hash(text: &str) -> u64 {
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    #[test]
    fn a_changed_list_has_a_new_version() {
        // After a change of the list: the next version, the new number of fruits, and the hash that this test reports.
        assert_eq!((VERSION, all().len(), hash(TEXT)), (1, 128, 3_400_361_617_035_127_217));
    }

    #[test]
    fn lines_are_fruits_ordered_by_name() {
        assert_eq!(all().len(), TEXT.lines().count());
        assert!(all().is_sorted_by(|one, next| one.name < next.name));
        for fruit in all() {
            assert!(!fruit.aliases.is_empty(), "{} has no plural", fruit.name);
        }
    }

    #[test]
    fn no_two_fruits_share_a_name_or_alias() {
        let mut words: BTreeMap<&str, &str> = BTreeMap::new();
        for fruit in all() {
            for word in fruit.aliases.iter().chain([&fruit.name]) {
                assert_eq!(words.insert(word, fruit.name), None, "{word}");
                assert_eq!(find(word), Some(fruit), "{word}");
                let fits = (1..=50).contains(&word.chars().count()) && *word == word.to_lowercase() && *word == word.trim();
                assert!(fits && !word.contains(['-', ';', ',']), "{word}");
            }
        }
    }

    #[test]
    fn fruits_are_found_in_any_spelling() {
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
            assert_eq!(find(text).map(|fruit| fruit.name), name, "{text:?}");
        }
    }

    #[test]
    fn seasons_of_the_hemispheres_are_half_a_year_apart() {
        let table: [(&str, &[u8], &[u8]); 4] = [
            ("apple", &[8, 9, 10, 11], &[2, 3, 4, 5]),
            ("kiwi", &[1, 2, 3, 10, 11, 12], &[4, 5, 6, 7, 8, 9]),
            ("cranberry", &[9, 10, 11, 12], &[3, 4, 5, 6]),
            ("banana", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ];
        for (name, northern, southern) in table {
            let fruit = find(name).expect("a fruit");
            let months = |hemisphere| fruit.months(hemisphere).collect::<Vec<_>>();
            assert_eq!((&*months(Hemisphere::Northern), &*months(Hemisphere::Southern)), (northern, southern), "{name}");
        }
    }

    #[test]
    fn malformed_lines_are_not_fruits() {
        for line in ["", "apple", "apple;8-11", "apple;8;apples", "apple;0-3;apples", "apple;8-13;apples"] {
            assert_eq!(Fruit::read(line), None, "{line:?}");
        }
    }
}
