//! Codes to join challenges that are not public.

use crate::spelling;

/// Digits and letters that are not mistaken for each other. Without vowels, so that codes are not words.
const ALPHABET: &[u8; 28] = b"23456789BCDFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// A code of a challenge. Everyone who has it may join.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinCode(String);

/// Hides the code, because it is a secret.
impl std::fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinCode")
    }
}

impl JoinCode {
    /// Returns a new code. Its 48 random bits cannot be guessed.
    pub fn random() -> Self {
        Self(spelling::random(ALPHABET, LENGTH))
    }

    /// Reads a code as a user types it.
    pub fn read(text: &str) -> Result<Self, String> {
        let code = text.trim().to_ascii_uppercase();
        let is_code = code.len() == LENGTH && code.bytes().all(|letter| letter.is_ascii_alphanumeric());
        if is_code { Ok(Self(code)) } else { Err(format!("must be {LENGTH} letters and digits")) }
    }

    /// Returns the code as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for JoinCode {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_differ_and_use_the_whole_alphabet() {
        let codes: BTreeSet<String> = (0..1_000).map(|_| JoinCode::random().0).collect();
        assert_eq!(codes.len(), 1_000);
        assert!(codes.iter().all(|code| code.len() == LENGTH && code.bytes().all(|letter| ALPHABET.contains(&letter))));
        let letters: BTreeSet<u8> = codes.iter().flat_map(|code| code.bytes()).collect();
        assert_eq!(letters.len(), ALPHABET.len(), "all letters are used");
    }

    #[test]
    fn codes_are_read_in_any_case_and_with_spaces_around() {
        assert_eq!(JoinCode::read(" bcdfg23456 ").map(|code| code.0), Ok("BCDFG23456".to_owned()));
        for bad in ["", "BCDFG2345", "BCDFG234567", "BCDFG-2345", "BCDFG2345ü"] {
            assert!(JoinCode::read(bad).is_err(), "{bad:?}");
        }
    }
}
