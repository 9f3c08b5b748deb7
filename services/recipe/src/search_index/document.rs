//! What the index holds of a recipe.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use crate::search_words::{Place, Token, Word, fact, is_common, joined, stem, stem_token, whole, words};

/// The version of the rules by which documents are made. Documents of other versions are made again.
pub(super) const VERSION: i16 = 1;
/// The most tokens of each place. Only texts that nobody would read have more.
const MOST: [usize; 4] = [400, 300, 1_000, 400];
/// The most words of a recipe that misspelt or unfinished ones may stand for.
const MOST_WORDS: usize = 300;
/// The longest word that a misspelt or unfinished one may stand for.
const LONGEST: usize = 40;
/// Upper ends of the ranges of preparation times, in minutes.
const TIMES: [i32; 12] = [5, 10, 15, 20, 30, 45, 60, 90, 120, 240, 480, 10_080];

/// The texts of a recipe.
#[derive(Debug, Clone)]
pub(super) struct Texts<'a> {
    pub(super) author: Uuid,
    pub(super) recipe_name: &'a str,
    pub(super) description: Option<&'a str>,
    pub(super) foods: Vec<&'a str>,
    pub(super) tags: Vec<&'a str>,
    pub(super) prep_time_minutes: Option<i32>,
    pub(super) difficulty_level: i32,
}

/// What the index holds of a recipe.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// Distinct tokens of words and facts; the first are those of the name.
    pub(super) tokens: Vec<Token>,
    /// The number of tokens of the name.
    pub(super) of_name: usize,
    /// Greater for shorter names, of which the words that are asked for are a greater part.
    pub(super) brevity: i16,
    /// The words that unfinished and misspelt ones may stand for, each with the token of its stem.
    pub(super) vocabulary: BTreeMap<String, Token>,
}

impl Document {
    /// Makes the document of a recipe.
    pub(super) fn of(texts: &Texts<'_>) -> Self {
        let mut document = Builder::default();
        document.text(Place::Name, texts.recipe_name);
        let of_name = document.tokens.len();
        texts.tags.iter().for_each(|tag| document.text(Place::Tag, tag));
        texts.foods.iter().for_each(|food| document.text(Place::Food, food));
        document.text(Place::Description, texts.description.unwrap_or_default());
        document.fact(written_by(texts.author));
        document.fact(difficulty(texts.difficulty_level));
        texts.prep_time_minutes.into_iter().for_each(|minutes| document.fact(prep_time(minutes)));
        texts.tags.iter().for_each(|tag| document.fact(exact_tag(tag)));
        let name = words(texts.recipe_name, false);
        let count = name.iter().filter(|word| !is_common(&word.plain)).count();
        let brevity = -i16::try_from(count).unwrap_or(i16::MAX);
        Self { tokens: document.tokens, of_name, brevity, vocabulary: document.vocabulary }
    }
}

/// Returns the token of an author.
pub(crate) fn written_by(author: Uuid) -> Token {
    fact("author", &author.to_string())
}

/// Returns the token of a difficulty.
pub(crate) fn difficulty(level: i32) -> Token {
    fact("difficulty", &level.to_string())
}

/// Returns the token of a tag as a whole.
pub(crate) fn exact_tag(tag: &str) -> Token {
    fact("tag", &whole(tag))
}

fn prep_time(minutes: i32) -> Token {
    let end = TIMES.into_iter().find(|end| minutes <= *end).unwrap_or(i32::MAX);
    fact("prep_time", &end.to_string())
}

/// Returns the tokens of which a recipe has one if its preparation takes at most `minutes`; some that have one take longer.
pub(crate) fn prep_times(minutes: i32) -> Vec<Token> {
    let shorter = TIMES.into_iter().take_while(|end| *end < minutes);
    shorter.map(prep_time).chain([prep_time(minutes)]).collect()
}

#[derive(Default)]
struct Builder {
    tokens: Vec<Token>,
    known: HashSet<Token>,
    counts: [usize; 4],
    vocabulary: BTreeMap<String, Token>,
}

impl Builder {
    fn fact(&mut self, token: Token) {
        if self.known.insert(token) {
            self.tokens.push(token);
        }
    }

    fn text(&mut self, place: Place, text: &str) {
        let words = words(text, true);
        for word in &words {
            if place == Place::Name || !is_common(&word.plain) {
                self.word(place, word);
            }
        }
        if place != Place::Description {
            // "blue berry" is found as "blueberry".
            words
                .windows(2)
                .filter_map(|pair| joined(&pair[0], &pair[1]))
                .for_each(|word| self.token(place, stem_token(&stem(&word))));
        }
    }

    fn word(&mut self, place: Place, word: &Word) {
        for form in word.forms() {
            let stem = stem_token(&stem(form));
            self.token(place, stem);
            let has_room = self.vocabulary.len() < MOST_WORDS;
            if has_room && !word.is_unspaced && !is_common(form) && (2..=LONGEST).contains(&form.chars().count()) {
                self.vocabulary.insert(form.to_owned(), stem);
            }
        }
    }

    fn token(&mut self, place: Place, stem: Token) {
        // Foods are also asked for by themselves; other words count where they are most important.
        let is_known =
            place != Place::Food && Place::ALL.iter().any(|higher| *higher < place && self.known.contains(&higher.token(stem)));
        let count = &mut self.counts[place as usize];
        if !is_known && *count < MOST[place as usize] && self.known.insert(place.token(stem)) {
            *count += 1;
            self.tokens.push(place.token(stem));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(recipe_name: &str) -> Document {
        Document::of(&Texts {
            author: Uuid::nil(),
            recipe_name,
            description: Some("Apples and more apples."),
            foods: vec!["apples", "blue berry"],
            tags: vec!["gluten-free"],
            prep_time_minutes: Some(25),
            difficulty_level: 2,
        })
    }

    #[test]
    fn a_word_is_held_where_it_is_most_important() {
        let document = document("Apple and Pear Tart");
        let has = |place: Place, word: &str| document.tokens.contains(&place.token(stem_token(&stem(word))));
        assert!(has(Place::Name, "apple") && has(Place::Food, "apple") && !has(Place::Description, "apple"));
        assert!(has(Place::Food, "blueberry") && has(Place::Tag, "glutenfree") && has(Place::Tag, "gluten"));
        assert_eq!(document.brevity, -3);
        assert!(document.vocabulary.contains_key("apples") && !document.vocabulary.contains_key("and"));
    }

    #[test]
    fn times_are_held_as_ranges() {
        let tokens = document("Jam").tokens;
        for (minutes, found) in [(5, false), (19, false), (20, false), (21, true), (25, true), (30, true), (10_080, true)] {
            assert_eq!(prep_times(minutes).iter().any(|token| tokens.contains(token)), found, "{minutes}");
        }
    }

    #[test]
    fn endless_texts_have_a_bounded_document() {
        let food: String = (0..99).map(|n| char::from_u32(0x4E00 + n).expect("a character")).collect();
        let foods: Vec<String> =
            (0..100).map(|n| format!("{food}{}", char::from_u32(0x5000 + n).expect("a character"))).collect();
        let description: String = (0..2_000).map(|n| char::from_u32(0x6000 + n).expect("a character")).collect();
        let document = Document::of(&Texts {
            author: Uuid::nil(),
            recipe_name: &food,
            description: Some(&description),
            foods: foods.iter().map(String::as_str).collect(),
            tags: vec![],
            prep_time_minutes: None,
            difficulty_level: 1,
        });
        assert!(document.tokens.len() < 2_000, "{}", document.tokens.len());
        let letters = |n: u32| char::from_u32(u32::from(b'a') + n % 26).expect("a letter");
        let made_up: Vec<String> = (0..600).map(|n| format!("strawb{}{}", letters(n / 26), letters(n))).collect();
        let mut document = Builder::default();
        document.text(Place::Description, &made_up.join(" "));
        assert_eq!(document.vocabulary.len(), MOST_WORDS);
    }
}
