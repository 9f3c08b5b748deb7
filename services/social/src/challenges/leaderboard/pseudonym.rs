//! Pseudonyms on leaderboards.

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

/// Returns the pseudonym of a seat. It is the same throughout a challenge, and different in each. It is made from the id of the
/// seat, which is random and never sent.
pub fn pseudonym(participant: Uuid) -> String {
    let hash = Sha256::new().chain_update(b"pseudonym").chain_update(participant.as_bytes()).finalize();
    let word = WORDS[usize::from(hash[0]) % WORDS.len()];
    let letters = hash[1..6].iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    format!("{word} {}", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_differ_and_stay_the_same() {
        let id = Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
        assert_eq!(pseudonym(id), pseudonym(id));
        let all: std::collections::BTreeSet<String> = (0..10_000).map(|n| pseudonym(Uuid::from_u128(n))).collect();
        assert!(all.len() > 9_990, "{}", all.len());
        assert!(all.iter().all(|name| !name.contains("0000")));
    }
}
