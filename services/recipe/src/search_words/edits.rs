//! Misspelt words: how many edits a word of a length may be away, and by which fragments such words are found.

use super::token::{Token, fragment};

/// The part of a word from which fragments are made.
const PREFIX: usize = 7;

/// The fewest letters of a beginning that may be misspelt.
const SHORTEST_BEGINNING: usize = 6;

/// Returns the fragments of a word: its beginning without any one letter, and, if it is long enough, without any two. Two words that are
/// one or two edits apart have a fragment in common. A word of three letters is only found with one of them doubled.
pub(crate) fn fragments(word: &str) -> Vec<Token> {
    let letters: Vec<char> = word.chars().take(PREFIX).collect();
    let deletions = match word.chars().count() {
        0..=3 => return vec![fragment(word)],
        4..=5 => 1,
        _ => 2,
    };
    let mut found = vec![letters];
    let mut from = 0;
    for _ in 0..deletions {
        let until = found.len();
        for index in from..until {
            for letter in 0..found[index].len() {
                let mut shorter = found[index].clone();
                shorter.remove(letter);
                found.push(shorter);
            }
        }
        from = until;
    }
    let mut tokens: Vec<Token> = found.into_iter().map(|letters| fragment(&letters.into_iter().collect::<String>())).collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// How a misspelt word differs from a known one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slip {
    /// Letters that are missing, too many, wrong, or swapped.
    pub(crate) edits: usize,
    /// Whether letters are wrong, which is rarer than the others.
    pub(crate) replaces: bool,
}

/// Returns how what was asked for differs from a known word of which it may be a misspelling. Short words are other words if any letter
/// differs, the first letter is rarely wrong, and neither is the last when two others are.
pub(crate) fn misspelling(asked: &str, known: &str) -> Option<Slip> {
    if asked.chars().count().abs_diff(known.chars().count()) > 2 {
        return None;
    }
    let (asked, known): (Vec<char>, Vec<char>) = (asked.chars().collect(), known.chars().collect());
    if asked.iter().any(char::is_ascii_digit) || known.iter().any(char::is_ascii_digit) {
        return None;
    }
    let same_first = asked.first() == known.first();
    let same_last = asked.last() == known.last();
    let is_replaced = asked.len() == known.len() && !is_swapped(&asked, &known);
    let edits = distance(&asked, &known, |_, _| true);
    let fits = match (asked.len().min(known.len()), edits) {
        (_, 0) => true,
        (3, 1) => asked.len() == 4 && has_doubled(&asked),
        (4, 1) => same_first && !is_replaced,
        (5, 1) => {
            if is_replaced {
                same_first && is_likely_slip(&asked, &known)
            } else {
                true
            }
        }
        (6, 1) => same_first || !is_replaced,
        (7.., 1) => same_first || !is_replaced || is_likely_slip(&asked, &known),
        (7..=9, 2) => same_first && same_last && distance(&asked, &known, sounds_like) == 2,
        (10.., 2) => same_first && same_last,
        _ => false,
    };
    fits.then_some(Slip { edits, replaces: is_replaced })
}

/// Returns the same for words of three and four letters, of which one is only taken for another beside words that leave little doubt.
pub(crate) fn short_misspelling(asked: &str, known: &str) -> Option<Slip> {
    let (asked, known): (Vec<char>, Vec<char>) = (asked.chars().collect(), known.chars().collect());
    let is_replaced = asked.len() == known.len() && !is_swapped(&asked, &known);
    let fits = (3..=4).contains(&asked.len())
        && (3..=5).contains(&known.len())
        && asked.iter().all(|letter| letter.is_alphabetic())
        && asked.first() == known.first()
        && distance(&asked, &known, |_, _| true) == 1
        && (!is_replaced || is_likely_slip(&asked, &known));
    fits.then_some(Slip { edits: 1, replaces: is_replaced })
}

/// Returns whether what was asked for may be the misspelt beginning of a known word.
pub(crate) fn misspelt_beginning(asked: &str, known: &str) -> bool {
    let length = asked.chars().count();
    let beginning = |letters| known.chars().take(letters).collect::<String>();
    length >= SHORTEST_BEGINNING
        && known.chars().count() > length
        && asked.chars().next() == known.chars().next()
        && (length - 1..=length + 1).any(|letters| misspelling(asked, &beginning(letters)).is_some_and(|slip| slip.edits == 1))
}

/// Returns whether the words differ in two neighbours that changed places.
fn is_swapped(one: &[char], other: &[char]) -> bool {
    match one.iter().zip(other).position(|(a, b)| a != b) {
        Some(at) if at + 1 < one.len() => {
            one[at] == other[at + 1] && one[at + 1] == other[at] && one[at + 2..] == other[at + 2..]
        }
        _ => false,
    }
}

/// Returns whether a letter is there twice in a row.
fn has_doubled(letters: &[char]) -> bool {
    letters.windows(2).any(|pair| pair[0] == pair[1])
}

/// Returns whether the first letter that differs sounds like the right one, is its neighbour on the keyboard, or doubles another.
fn is_likely_slip(asked: &[char], known: &[char]) -> bool {
    let Some(at) = asked.iter().zip(known).position(|(a, b)| a != b) else { return false };
    let is_neighbour =
        ["qwertyuiop", "asdfghjkl", "zxcvbnm"].iter().any(|row| match (row.find(asked[at]), row.find(known[at])) {
            (Some(one), Some(other)) => one.abs_diff(other) == 1,
            _ => false,
        });
    let doubles = asked.get(at + 1) == Some(&asked[at]) || (at > 0 && asked[at - 1] == asked[at]);
    is_neighbour || doubles || sounds_like(asked[at], known[at])
}

/// Whether one letter is written for the other because of how they sound.
fn sounds_like(one: char, other: char) -> bool {
    ["aeiouyw", "ckqsz", "bp", "dt", "fvwu", "gj", "jy", "mn", "lr"]
        .iter()
        .any(|alike| alike.contains(one) && alike.contains(other))
}

/// Returns the number of letters to insert, delete, replace, or swap with their neighbour, to make one word of the other. Letters that are
/// not `alike` are replaced by two edits.
fn distance(one: &[char], other: &[char], alike: impl Fn(char, char) -> bool) -> usize {
    let width = other.len() + 1;
    let (mut before, mut last, mut row) = (vec![0; width], (0..width).collect::<Vec<_>>(), vec![0; width]);
    for i in 1..=one.len() {
        row[0] = i;
        for j in 1..width {
            let (a, b) = (one[i - 1], other[j - 1]);
            let replaced = last[j - 1] + if a == b { 0 } else { 1 + usize::from(!alike(a, b)) };
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        (before, last, row) = (last, row, before);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_taken_for_the_word() {
        for (asked, known, edits) in [
            ("stawberry", "strawberry", 1),
            ("strwaberry", "strawberry", 1),
            ("guacomole", "guacamole", 1),
            ("lycee", "lychee", 1),
            ("aple", "apple", 1),
            ("mnago", "mango", 1),
            ("blubery", "blueberry", 2),
            ("pomagranite", "pomegranate", 2),
            ("cinammon", "cinnamon", 2),
            ("trawberry", "strawberry", 1),
            ("kumkwat", "kumquat", 2),
            ("jamm", "jam", 1),
            ("lenon", "lemon", 1),
            ("aplle", "apple", 1),
            ("kranberry", "cranberry", 1),
        ] {
            assert_eq!(misspelling(asked, known).map(|slip| slip.edits), Some(edits), "{asked}");
        }
    }

    #[test]
    fn other_words_are_not() {
        for (asked, known) in [
            ("melon", "lemon"),
            ("pork", "port"),
            ("cake", "bake"),
            ("sherry", "cherry"),
            ("ice", "rice"),
            ("macaroni", "macaroons"),
            ("crumpet", "crumble"),
            ("granola", "granita"),
            ("lime", "lemon"),
            ("fig", "figs"),
            ("jams", "jam"),
            ("pear", "pea"),
            ("grace", "grape"),
            ("spice", "slice"),
            ("mustard", "custard"),
            ("2020", "2021"),
        ] {
            assert_eq!(misspelling(asked, known), None, "{asked}");
        }
    }

    #[test]
    fn short_words_are_misspelt_in_likely_ways_only() {
        for (asked, known) in [("lme", "lime"), ("caje", "cake"), ("wid", "wild"), ("kaik", "kaki")] {
            assert!(short_misspelling(asked, known).is_some(), "{asked}");
        }
        for (asked, known) in [("ham", "jam"), ("lime", "lice"), ("pear", "plum"), ("4", "5"), ("bake", "cake")] {
            assert!(short_misspelling(asked, known).is_none(), "{asked}");
        }
    }

    #[test]
    fn beginnings_may_be_misspelt() {
        assert!(misspelt_beginning("zwetch", "zwetschgenkuchen") && misspelt_beginning("straberr", "strawberry"));
        assert!(!misspelt_beginning("crumpet", "crumbles") && !misspelt_beginning("stawb", "strawberry"));
    }

    #[test]
    fn words_within_reach_share_a_fragment() {
        for (asked, known) in [
            ("stawberry", "strawberry"),
            ("blubery", "blueberry"),
            ("lycee", "lychee"),
            ("aple", "apple"),
            ("pomagranite", "pomegranate"),
            ("trawberry", "strawberry"),
            ("mnago", "mango"),
            ("chocolat", "chocolate"),
            ("zwetch", "zwetschgenkuchen"),
            ("straberr", "strawberry"),
            ("jamm", "jam"),
        ] {
            let known = fragments(known);
            assert!(fragments(asked).iter().any(|fragment| known.contains(fragment)), "{asked}");
        }
        assert_eq!(fragments("abcdefgh").len(), 29);
        assert_eq!(fragments("fig").len(), 1);
    }
}
