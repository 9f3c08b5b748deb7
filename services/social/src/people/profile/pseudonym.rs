//! Pseudonyms, which stand for names on leaderboards.

use orchard_rpc::read::look;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Words of pseudonyms. They must never change, because pseudonyms are the same throughout a challenge.
const WORDS: [&str; 32] = [
    "Apple",
    "Apricot",
    "Banana",
    "Bilberry",
    "Blackberry",
    "Cherry",
    "Clementine",
    "Coconut",
    "Cranberry",
    "Currant",
    "Date",
    "Elderberry",
    "Fig",
    "Gooseberry",
    "Grape",
    "Guava",
    "Kiwi",
    "Kumquat",
    "Lemon",
    "Lime",
    "Lychee",
    "Mango",
    "Medlar",
    "Melon",
    "Nectarine",
    "Orange",
    "Papaya",
    "Peach",
    "Pear",
    "Plum",
    "Quince",
    "Raspberry",
];
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Number of letters behind the word.
const TAIL: usize = 5;

/// Returns the pseudonym of a seat. It is the same throughout a challenge, and different in each. It is made from the id of the
/// seat, which is random and never sent.
pub fn pseudonym(participant: Uuid) -> String {
    let hash = Sha256::new().chain_update(b"pseudonym").chain_update(participant.as_bytes()).finalize();
    let word = WORDS[usize::from(hash[0]) % WORDS.len()];
    let letters = hash[1..=TAIL].iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    format!("{word} {}", letters.collect::<String>())
}

/// Returns whether a name could be taken for a pseudonym: one of the words, and behind it as many capitals or digits. "Cherry Clark" is a
/// name, "Cherry CLARK" could be a pseudonym.
pub fn resembles(name: &str) -> bool {
    let letters: Vec<char> = look(&name.to_uppercase()).chars().collect();
    let Some((word, tail)) = letters.len().checked_sub(TAIL).and_then(|length| letters.split_at_checked(length)) else {
        return false;
    };
    let mut last = name.chars().rev().filter(|c| c.is_alphanumeric()).take(TAIL);
    let is_tail = tail.iter().any(char::is_ascii_digit) || !last.any(char::is_lowercase);
    let word: String = word.iter().collect();
    is_tail && WORDS.iter().any(|known| look(&known.to_uppercase()) == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_pseudonym_is_no_name() {
        for n in 0..1_000 {
            let pseudonym = pseudonym(Uuid::from_u128(n));
            assert!(
                resembles(&pseudonym) && resembles(&pseudonym.to_lowercase()) == pseudonym.contains(|c: char| c.is_ascii_digit())
            );
        }
        for bad in
            ["Apple N7MTE", "apple n7mte", "Apple  N7MTE", "Apple-N7MTE", "АррІе N7MTE", "Äpple N7MTE", "Fig KLMNP", "KIWI 23456"]
        {
            assert!(resembles(bad), "{bad}");
        }
        for good in ["Cherry Clark", "Clementine Moore", "Apple", "N7MTE", "Apple N7MT", "Bob N7MTE", "Olive Green", ""] {
            assert!(!resembles(good), "{good}");
        }
    }

    #[test]
    fn pseudonyms_differ_and_stay_the_same() {
        let id = Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
        assert_eq!(pseudonym(id), pseudonym(id));
        let all: std::collections::BTreeSet<String> = (0..10_000).map(|n| pseudonym(Uuid::from_u128(n))).collect();
        assert!(all.len() > 9_990, "{}", all.len());
        assert!(all.iter().all(|name| !name.contains("0000")));
    }
}
