//! Words of a text, in the form in which they are compared.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{compose, is_combining_mark};

use super::script::{is_accent, is_apostrophe, is_unspaced};

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Lower case, without accents.
    pub(crate) plain: String,
    /// The same with `ae`, `oe` and `ue` for umlauts, if it has any.
    pub(crate) umlauts: Option<String>,
    /// The code points of the text that it covers.
    pub(crate) range: std::ops::Range<usize>,
    /// Whether its script writes no spaces. Such a "word" is one character or two neighbours.
    pub(crate) is_unspaced: bool,
}

impl Word {
    /// Returns the forms under which the word is known.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.plain.as_str()).chain(self.umlauts.as_deref())
    }
}

/// Returns the words of a text in their order. Apostrophes and hyphens separate words, and an English `'s` is dropped. Runs of a script
/// without spaces become their characters if `singles`, and their pairs of neighbours.
pub(crate) fn words(text: &str, singles: bool) -> Vec<Word> {
    let characters: Vec<char> = text.chars().collect();
    let mut words = Words { singles, ..Words::default() };
    for (at, character) in characters.iter().enumerate() {
        if is_apostrophe(*character) {
            words.end();
            words.skips_s = at > 0 && characters[at - 1].is_alphanumeric();
            continue;
        }
        // The s of "bakewell's".
        let is_s = matches!(character, 's' | 'S') && !characters.get(at + 1).is_some_and(|next| next.is_alphanumeric());
        if std::mem::take(&mut words.skips_s) && is_s {
            continue;
        }
        words.add(at, *character);
    }
    words.end();
    words.done
}

/// Returns a text in the form in which whole texts are compared.
pub(crate) fn whole(text: &str) -> String {
    let forms: Vec<String> = words(text, false).into_iter().map(|word| word.plain).collect();
    forms.join(" ")
}

#[derive(Default)]
struct Words {
    done: Vec<Word>,
    singles: bool,
    skips_s: bool,
    plain: String,
    umlauts: String,
    has_umlauts: bool,
    start: usize,
    end: usize,
    /// Characters without spaces, each with its place.
    run: Vec<(usize, char)>,
}

impl Words {
    fn add(&mut self, at: usize, character: char) {
        if character.is_ascii_alphanumeric() {
            self.end_run();
            return self.push(at, character.to_ascii_lowercase());
        }
        // Most texts are ASCII, for which the rules below do nothing.
        if character.is_ascii() {
            return self.end();
        }
        for compatible in character.to_lowercase().nfkc() {
            if self.is_voiced(compatible) {
                continue;
            }
            if is_unspaced(compatible) {
                self.end_word();
                self.run.push((at, compatible));
                continue;
            }
            self.end_run();
            for part in std::iter::once(compatible).nfd() {
                self.part(at, part);
            }
        }
    }

    /// Adds the voicing mark of a decomposed or narrow Japanese letter to the letter. Returns whether it is one.
    fn is_voiced(&mut self, mark: char) -> bool {
        if let ('\u{3099}' | '\u{309A}', Some((_, letter))) = (mark, self.run.last_mut())
            && let Some(voiced) = compose(*letter, mark)
        {
            *letter = voiced;
            return true;
        }
        false
    }

    fn part(&mut self, at: usize, part: char) {
        let spelled = match part {
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'ø' => "o",
            'ł' => "l",
            'đ' | 'ð' => "d",
            'ħ' => "h",
            'þ' => "th",
            'ı' => "i",
            '\u{308}' if self.plain.ends_with(['a', 'o', 'u']) => {
                self.umlauts.push('e');
                self.has_umlauts = true;
                self.end = at + 1;
                return;
            }
            mark if is_accent(mark) => {
                if !self.plain.is_empty() {
                    self.end = at + 1;
                }
                return;
            }
            letter if letter.is_alphanumeric() || (is_combining_mark(letter) && !self.plain.is_empty()) => {
                return self.push(at, letter);
            }
            _ => return self.end_word(),
        };
        spelled.chars().for_each(|letter| self.push(at, letter));
        if part == 'ø' {
            self.umlauts.push('e');
            self.has_umlauts = true;
        }
    }

    fn push(&mut self, at: usize, letter: char) {
        if self.plain.is_empty() {
            self.start = at;
        }
        self.plain.push(letter);
        self.umlauts.push(letter);
        self.end = at + 1;
    }

    fn end(&mut self) {
        self.end_word();
        self.end_run();
    }

    fn end_word(&mut self) {
        if !self.plain.is_empty() {
            // Korean letters become syllables again.
            let composed = |letters: &str| if letters.is_ascii() { letters.to_owned() } else { letters.nfc().collect() };
            let umlauts = self.has_umlauts.then(|| composed(&self.umlauts));
            self.done.push(Word { plain: composed(&self.plain), umlauts, range: self.start..self.end, is_unspaced: false });
        }
        self.plain.clear();
        self.umlauts.clear();
        self.has_umlauts = false;
    }

    fn end_run(&mut self) {
        let word = |characters: &[(usize, char)]| Word {
            plain: characters.iter().map(|(_, character)| *character).collect(),
            umlauts: None,
            range: characters[0].0..characters[characters.len() - 1].0 + 1,
            is_unspaced: true,
        };
        if self.singles || self.run.len() == 1 {
            self.done.extend(self.run.chunks(1).map(word));
        }
        self.done.extend(self.run.windows(2).map(word));
        self.run.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<String> {
        words(text, false).into_iter().map(|word| word.plain).collect()
    }

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        assert_eq!(plain("APPLE, overnight-oats!"), ["apple", "overnight", "oats"]);
        assert_eq!(plain("Pêche Crème Brûlée"), ["peche", "creme", "brulee"]);
        assert_eq!(
            plain("Pe\u{302}che MARACUJÁ œuf Åland smørrebrød Łódź"),
            ["peche", "maracuja", "oeuf", "aland", "smorrebrod", "lodz"]
        );
        assert_eq!(plain("İNCİR ılık I"), ["incir", "ilik", "i"]);
        assert_eq!(plain("Bakewell's tarte à l’orange"), ["bakewell", "tarte", "a", "l", "orange"]);
        assert_eq!(plain("ｆｕｌｌ ﬁg ½"), ["full", "fig", "1", "2"]);
        assert_eq!(plain(" -- ★ "), Vec::<String>::new());
    }

    #[test]
    fn umlauts_have_two_forms() {
        for text in ["Früchte", "Fru\u{308}chte"] {
            let word = words(text, false).remove(0);
            assert_eq!(word.forms().collect::<Vec<_>>(), ["fruchte", "fruechte"]);
        }
        assert_eq!(words("Süße Äpfel", false)[0].umlauts.as_deref(), Some("suesse"));
        assert_eq!(words("naïve", false)[0].umlauts, None);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        assert_eq!(plain("白桃ゼリー jam"), ["白桃", "桃ゼ", "ゼリ", "リー", "jam"]);
        assert_eq!(words("白桃", true).into_iter().map(|word| word.plain).collect::<Vec<_>>(), ["白", "桃", "白桃"]);
        assert_eq!(plain("桃"), ["桃"]);
        assert_eq!(plain("ｾﾞﾘｰ セ\u{3099}リー"), ["ゼリ", "リー", "ゼリ", "リー"]);
        assert_eq!(plain("사과 파이"), ["사과", "파이"]);
        assert_eq!(plain("แอปเปิล").len(), 6);
    }

    #[test]
    fn ranges_count_code_points_of_the_text() {
        let text = "Cre\u{300}me, 🍑 Brûlée";
        let found = words(text, false);
        let covered = |word: &Word| text.chars().skip(word.range.start).take(word.range.len()).collect::<String>();
        assert_eq!(found.iter().map(covered).collect::<Vec<_>>(), ["Cre\u{300}me", "Brûlée"]);
    }

    #[test]
    fn whole_texts_are_compared_by_their_words() {
        assert_eq!(whole("  Gluten-FREE "), whole("gluten free"));
    }
}
