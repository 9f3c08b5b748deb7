//! Chooses among the household measures of a food.

mod reading;

use self::reading::{CONTAINERS, PARTS, PLAIN, Reading, SIZES, SYNONYMS, WHOLES, is_same, with_phrases};
use crate::table::{Food, Portion};
use crate::words::words;

/// No measure of the table has more qualifiers.
const MOST_QUALIFIERS: usize = 10;

/// What a measure is of.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A piece. The table may weigh several sizes of it; the medium size is the default.
    Piece,
    /// Another part of the food, of which there may be sizes.
    Noun,
    /// A cup. The food in it is whole when the line does not say otherwise.
    Cup,
    /// Another volume.
    Volume,
}

/// How a measure fits a line. The lowest fits best; the first field weighs most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rating {
    /// Whether the line has none of its qualifiers.
    is_unlike: bool,
    /// 0 for the size of the line, or the usual one; more for others.
    size: usize,
    /// Of a measure unlike the line: 0 for one without qualifiers, 1 for a plain one, 2 for a cut, 3 for another kind of food.
    roughness: usize,
    /// Whether it names no word of the line's name.
    is_unnamed: bool,
    /// The fewer of its qualifiers are in the line, the more.
    others: usize,
    /// Of a measure like the line, the number of its qualifiers that the line does not have.
    missing: usize,
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
    fn rate(&self, reading: &Reading, is_noun: impl Fn(&str) -> bool, kind: Kind) -> Option<Rating> {
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
        let is_plain = |word: &&str| PLAIN.contains(word) || word.starts_with("un") || kind != Kind::Volume && *word == "whole";
        let is_cut = |word: &&str| is_plain(word) || SYNONYMS.iter().any(|words| words.contains(word));
        let smooth = [qualifiers.is_empty(), qualifiers.iter().all(is_plain), qualifiers.iter().all(is_cut)];
        let roughness = smooth.into_iter().filter(|is_smooth| !is_smooth).count();
        let is_unlike = alike == 0;
        Some(Rating {
            is_unlike,
            size,
            is_unnamed: !self.name.iter().any(|word| reading.has(word)),
            roughness: if is_unlike { roughness } else { 0 },
            others: (2 * MOST_QUALIFIERS).saturating_sub(exact + alike),
            missing: if is_unlike { 0 } else { qualifiers.len() - alike },
        })
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
        let description = words(&food.description);
        self.best(readings, |word| nouns.contains(&word) || description.iter().any(|own| own == word), Kind::Noun)
    }

    /// Returns the food's own measure of a volume, such as `cup`, in the same way. It starts with the name of the volume.
    pub(crate) fn volume(&self, food: &'static Food, name: &str) -> Option<&'static Portion> {
        let nouns: Vec<&str> = name.split(' ').collect();
        let starts = |reading: &Reading| {
            reading.words.len() >= nouns.len() && reading.words.iter().zip(&nouns).all(|(word, noun)| is_same(word, noun))
        };
        let kind = if name == "cup" { Kind::Cup } else { Kind::Volume };
        let description = words(&food.description);
        let is_noun = |word: &str| nouns.iter().any(|noun| is_same(word, noun)) || description.iter().any(|own| own == word);
        self.best(food.portions.iter().map(Reading::of).filter(starts), is_noun, kind)
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
