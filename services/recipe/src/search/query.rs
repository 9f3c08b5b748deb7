//! What a text asks for, and how well a recipe meets it.

use std::collections::{BTreeMap, HashMap};

use super::asked::{Asked, nearest};
use super::judge::{Judge, Level, MAX_WORDS, Way};
use crate::search_words::{Place, Token, Word, is_common, is_word, joined, misspelt_beginning, reach, stem, stem_token, words};

/// The fewest letters that may begin a word, and the fewest of the last word of several, which may still be typed. Fewer begin too many.
const SHORTEST_PREFIX: (usize, usize) = (3, 2);

/// What a text asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    asked: Vec<Asked>,
}

/// A word that recipes have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) word: String,
    pub(super) stem: Token,
}

impl Query {
    /// Reads a text.
    pub(super) fn of(text: &str) -> Self {
        let all = words(text, false);
        let is_letter = |word: &Word| {
            let mut letters = word.plain.chars();
            !word.is_unspaced && letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
        };
        let says_much = |word: &Word| !is_common(&word.plain) && !is_letter(word);
        let keeps_all = !all.iter().any(says_much);
        let mut asked: Vec<Asked> = Vec::new();
        for (at, word) in all.iter().enumerate() {
            if asked.len() == MAX_WORDS
                || !(keeps_all || says_much(word))
                || asked.iter().any(|known| known.forms[0] == word.plain)
            {
                continue;
            }
            let forms: Vec<String> = word.forms().map(str::to_owned).collect();
            let before = at.checked_sub(1).and_then(|before| joined(&all[before], word));
            let after = all.get(at + 1).and_then(|after| joined(word, after));
            let spelled = forms.iter().cloned().chain(before).chain(after);
            let stems = spelled.map(|form| stem_token(&stem(&form))).collect();
            let shortest_prefix = if at > 0 && at + 1 == all.len() { SHORTEST_PREFIX.1 } else { SHORTEST_PREFIX.0 };
            let (is_exact, is_word) = (word.is_unspaced, is_word(&word.plain));
            asked.push(Asked { forms, stems, is_exact, is_word, shortest_prefix, begun: Vec::new(), meant: Vec::new() });
        }
        Self { asked }
    }

    /// Returns whether nothing is asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Returns the stems of all words, to learn which are known.
    pub(super) fn stems(&self) -> Vec<Token> {
        self.asked.iter().filter(|asked| !asked.is_exact).flat_map(|asked| asked.stems.iter().copied()).collect()
    }

    /// Returns the beginnings of words that are asked for.
    pub(super) fn prefixes(&self) -> Vec<&str> {
        self.asked.iter().flat_map(Asked::prefixes).collect()
    }

    /// Takes words that begin with one of the prefixes.
    pub(super) fn complete(&mut self, known: &[Known]) {
        for asked in &mut self.asked {
            let begins = |known: &&Known| asked.prefixes().any(|prefix| known.word.starts_with(prefix));
            let stems = known.iter().filter(begins).map(|known| known.stem).filter(|stem| !asked.stems.contains(stem));
            asked.begun = distinct(stems.collect());
        }
    }

    /// Returns fragments of the words that may be misspelt: those that are not `known`, or all if `all`.
    pub(super) fn fragments(&self, known: &[Token], all: bool) -> Vec<Token> {
        let doubtful = self.asked.iter().filter(|asked| asked.is_doubtful(known, all));
        distinct(doubtful.flat_map(|asked| asked.forms.iter().flat_map(|form| reach(form))).collect())
    }

    /// Returns whether no recipe seems to have one of the words: none of its stems is `known`.
    pub(super) fn has_unknown(&self, known: &[Token]) -> bool {
        self.asked.iter().any(|asked| asked.is_unknown(known))
    }

    /// Takes words that misspelt ones may stand for: of each the nearest.
    pub(super) fn correct(&mut self, words: &[Known], known: &[Token], all: bool) {
        let takes_short = all && self.asked.len() > 1;
        let words: Vec<(&Known, String)> = words.iter().map(|known| (known, stem(&known.word))).collect();
        for asked in self.asked.iter_mut().filter(|asked| asked.is_doubtful(known, all)) {
            let mut near: BTreeMap<usize, BTreeMap<Token, bool>> = BTreeMap::new();
            let forms: Vec<(&str, String)> = asked.forms.iter().map(|form| (form.as_str(), stem(form))).collect();
            for (word, its_stem) in words.iter().filter(|(word, _)| !asked.stems.contains(&word.stem)) {
                let known = (word.word.as_str(), its_stem.as_str());
                let slip = forms.iter().filter_map(|(form, stem)| nearest((form, stem), known, takes_short)).min();
                // The beginning of a word is rather unfinished than wrong.
                if let Some(slip) = slip.filter(|slip| asked.begun.is_empty() || !slip.replaces) {
                    let replaces = near.entry(slip.edits).or_default().entry(word.stem).or_insert(slip.replaces);
                    *replaces &= slip.replaces;
                }
            }
            let nearest = near.into_values().next().unwrap_or_else(|| {
                let begun = words.iter().filter(|(word, _)| asked.forms.iter().any(|form| misspelt_beginning(form, &word.word)));
                begun.filter(|_| asked.begun.is_empty()).map(|(word, _)| (word.stem, true)).collect()
            });
            asked.meant = nearest.into_iter().collect();
        }
    }

    /// Returns, for each word, the tokens of which a recipe has one if it has the word at `level` or better.
    pub(super) fn groups(&self, level: Level) -> Vec<Vec<Token>> {
        self.asked
            .iter()
            .map(|asked| asked.tokens().filter(|(_, way)| way.level <= level).map(|(token, _)| token).collect())
            .collect()
    }

    /// Returns, for each word, the tokens of which a recipe has one if its name has the word in any way.
    pub(super) fn groups_of_names(&self) -> Vec<Vec<Token>> {
        let in_name = |asked: &Asked| asked.tokens().map(|(token, _)| token).filter(|token| Place::Name.has(*token)).collect();
        self.asked.iter().map(in_name).collect()
    }

    /// Returns whether words that begin so, or are meant, may be found as well as those that are asked for.
    pub(super) fn is_loose(&self) -> bool {
        self.asked.iter().any(|asked| !asked.begun.is_empty() || !asked.meant.is_empty())
    }

    /// Returns what is needed to judge recipes.
    pub(super) fn judge(&self) -> Judge {
        let mut ways: HashMap<Token, Vec<(usize, Way)>> = HashMap::new();
        for (word, asked) in self.asked.iter().enumerate() {
            for (token, way) in asked.tokens() {
                ways.entry(token).or_default().push((word, way));
            }
        }
        Judge { words: self.asked.len(), ways }
    }

    /// Returns the stems of all words that meet the query.
    pub(super) fn found(&self) -> Vec<Token> {
        let meant = |asked: &Asked| asked.meant.iter().map(|(stem, _)| *stem).collect::<Vec<_>>();
        self.asked.iter().flat_map(|asked| [asked.stems.clone(), asked.begun.clone(), meant(asked)].concat()).collect()
    }
}

fn distinct(mut tokens: Vec<Token>) -> Vec<Token> {
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::judge::Fit;

    /// A query about recipes with these words in their names.
    fn resolved(text: &str, vocabulary: &[&str]) -> Query {
        let known: Vec<Known> =
            vocabulary.iter().map(|word| Known { word: (*word).to_owned(), stem: stem_token(&stem(word)) }).collect();
        let mut query = Query::of(text);
        let begins = |known: &&Known| query.prefixes().iter().any(|prefix| known.word.starts_with(prefix));
        let begun: Vec<Known> = known.iter().filter(begins).cloned().collect();
        query.complete(&begun);
        let stems: Vec<Token> = known.iter().map(|known| known.stem).collect();
        let fragments = query.fragments(&stems, false);
        let near: Vec<Known> =
            known.into_iter().filter(|known| reach(&known.word).iter().any(|fragment| fragments.contains(fragment))).collect();
        query.correct(&near, &stems, false);
        query
    }

    /// How a recipe with these words in its name meets a text.
    fn fit(text: &str, name: &[&str]) -> Option<Fit> {
        let tokens: Vec<Token> = name.iter().map(|word| Place::Name.token(stem_token(&stem(word)))).collect();
        resolved(text, name).judge().fit(&tokens)
    }

    #[test]
    fn whole_words_come_before_begun_and_meant_ones() {
        let worst = |text, name: &[&str]| fit(text, name).map(|fit| fit.worst);
        assert_eq!(worst("pears tart", &["pear", "tart"]), Some(Level::Name));
        assert_eq!(worst("pear tart", &["pearl", "tart"]), Some(Level::BegunInName));
        assert_eq!(worst("paer tart", &["pear", "tart"]), Some(Level::MisspeltInName));
        assert_eq!(worst("pear tart", &["pear", "cake"]), None);
        assert_eq!(worst("melon", &["lemon"]), None);
    }

    #[test]
    fn missing_letters_come_before_wrong_ones() {
        assert!(fit("trufle", &["truffles"]) < fit("trufle", &["trifle"]));
    }

    #[test]
    fn neighbours_may_be_one_word() {
        assert_eq!(fit("water melon", &["watermelon"]).map(|fit| fit.cost), Some(0));
        assert_eq!(fit("water the melon", &["watermelon"]), None);
    }

    #[test]
    fn common_words_count_only_without_others() {
        assert_eq!(Query::of("the pear with a tart").asked.len(), 2);
        assert_eq!(Query::of("the").asked.len(), 1);
        assert_eq!(Query::of("pear, PEAR, Pêar").asked.len(), 1);
        assert!(Query::of("?!").is_empty());
        assert_eq!(Query::of(&"a b c d e f g h i j k l m n o p".replace(' ', "x ")).asked.len(), MAX_WORDS);
    }

    #[test]
    fn a_known_word_is_not_corrected_unless_nothing_is_found() {
        let mut query = resolved("aronia", &["aronia", "arronia"]);
        assert!(!query.is_loose());
        let word = Known { word: "arronia".to_owned(), stem: stem_token("arronia") };
        query.correct(&[word], &[stem_token("aronia")], true);
        assert!(query.is_loose());
    }

    #[test]
    fn a_word_of_the_kitchen_is_never_corrected() {
        assert_eq!(fit("pasta", &["paste"]), None);
        let mut query = resolved("mustard", &["custard"]);
        query.correct(&[Known { word: "custard".to_owned(), stem: stem_token("custard") }], &[], true);
        assert!(!query.is_loose());
    }

    #[test]
    fn a_beginning_stands_for_no_word_with_another_letter() {
        assert_eq!(fit("spicy", &["slice"]), None);
        assert!(!resolved("cherr", &["cherries", "chorr"]).found().contains(&stem_token("chorr")));
        assert!(resolved("cherr", &["chorr"]).found().contains(&stem_token("chorr")));
    }

    #[test]
    fn digits_count_as_words() {
        assert_eq!(fit("8 minute", &["seven", "minute"]), None);
        assert_eq!(fit("7 minute", &["seven", "minute"]).map(|fit| fit.worst), Some(Level::Name));
    }
}
