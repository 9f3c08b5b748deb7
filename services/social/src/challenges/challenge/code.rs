//! Codes that join challenges which not everyone finds.

use uuid::Uuid;

/// Digits and letters that are not taken for each other; and no vowels, so that no words come of them.
const ALPHABET: &[u8; 28] = b"23456789BCDFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// A code of a challenge. Whoever has it may join.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinCode(String);

/// It is a secret of those who have it.
impl std::fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinCode")
    }
}

impl JoinCode {
    /// One that nobody guesses: 48 bits of chance.
    pub fn random() -> Self {
        let mut chance = Uuid::new_v4().as_u128();
        let mut code = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let base = ALPHABET.len() as u128;
            code.push(char::from(ALPHABET[usize::try_from(chance % base).unwrap_or_default()]));
            chance /= base;
        }
        Self(code)
    }

    /// Reads what somebody has typed.
    pub fn read(text: &str) -> Result<Self, String> {
        let code = text.trim().to_ascii_uppercase();
        let is_code = code.len() == LENGTH && code.bytes().all(|letter| letter.is_ascii_alphanumeric());
        if is_code { Ok(Self(code)) } else { Err(format!("must be {LENGTH} letters and digits")) }
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for JoinCode {
    fn from(kept: String) -> Self {
        Self(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_of_the_alphabet_and_differ() {
        let codes: BTreeSet<String> = (0..1_000).map(|_| JoinCode::random().0).collect();
        assert_eq!(codes.len(), 1_000);
        assert!(codes.iter().all(|code| code.len() == LENGTH && code.bytes().all(|letter| ALPHABET.contains(&letter))));
        let letters: BTreeSet<u8> = codes.iter().flat_map(|code| code.bytes()).collect();
        assert_eq!(letters.len(), ALPHABET.len(), "each letter is used");
    }

    #[test]
    fn a_code_is_read_as_it_is_typed() {
        assert_eq!(JoinCode::read(" bcdfg23456 ").map(|code| code.0), Ok("BCDFG23456".to_owned()));
        for bad in ["", "BCDFG2345", "BCDFG234567", "BCDFG-2345", "BCDFG2345ü"] {
            assert!(JoinCode::read(bad).is_err(), "{bad:?}");
        }
    }
}
