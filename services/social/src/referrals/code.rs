//! Codes by which users refer others.

use std::collections::BTreeMap;

use crate::spelling;

/// Digits and letters that are not mistaken for each other: of 2 and Z, 5 and S, 8 and B only the digits. Without vowels, so that codes
/// are not words.
const ALPHABET: &[u8; 25] = b"23456789CDFGHJKMNPQRTVWXY";
const LENGTH: usize = 8;

/// Digits as they are read in words.
const LOOKS: [(u8, u8); 3] = [(b'5', b'S'), (b'8', b'B'), (b'2', b'Z')];

/// Abbreviations that offend in English, German, French, Spanish, Dutch or Polish, and numbers that stand for words. Most rude words have a
/// vowel, which the alphabet lacks.
const RUDE: [&str; 31] = [
    "BTCH", "BSTRD", "CCK", "CNT", "CVL", "DCK", "FCK", "FGT", "FKK", "FTZ", "FVCK", "GVN", "HRN", "HVR", "KKK", "KNT", "KRV",
    "KVRW", "KZ", "MRD", "NGGR", "NGR", "NTT", "PD", "PRN", "PTN", "PVT", "SCHWNZ", "SS", "TWT", "WNKR",
];
/// Numbers that stand for slogans.
const NUMBERS: [&str; 3] = ["88", "69", "666"];

/// A code by which a user refers others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Returns a new code.
    pub fn random() -> Self {
        loop {
            let code = spelling::random(ALPHABET, LENGTH);
            if !is_rude(&code) {
                return Self(code);
            }
        }
    }

    /// Reads a code as people type it: in any case, with spaces and hyphens, and with letters that look like one of its characters.
    pub fn read(text: &str) -> Result<Self, String> {
        let typed: String =
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '.' | '\u{2010}'..='\u{2015}')).collect();
        if typed.is_empty() {
            return Err("is required".to_owned());
        }
        let typed = typed.to_ascii_uppercase();
        if typed.len() != LENGTH || !typed.bytes().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!("must be {LENGTH} letters and digits"));
        }
        let meant = |c: char| match c {
            'Z' => '2',
            'S' => '5',
            'B' => '8',
            other => other,
        };
        Ok(Self(typed.chars().map(meant).collect()))
    }

    /// Returns the code as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Code {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

/// Returns whether a part of a code may offend, with digits read as letters or not.
fn is_rude(code: &str) -> bool {
    let looks: BTreeMap<u8, u8> = LOOKS.into_iter().collect();
    let read: String = code.bytes().map(|c| char::from(*looks.get(&c).unwrap_or(&c))).collect();
    NUMBERS.iter().any(|number| code.contains(number)) || RUDE.iter().any(|word| code.contains(word) || read.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_differ_use_the_whole_alphabet_and_are_not_rude() {
        let codes: BTreeSet<String> = (0..20_000).map(|_| Code::random().0).collect();
        assert!(codes.len() > 19_990, "{}", codes.len());
        for code in &codes {
            assert!(code.len() == LENGTH && code.bytes().all(|c| ALPHABET.contains(&c)) && !is_rude(code), "{code}");
            assert_eq!(Code::read(code).map(|read| read.0).as_deref(), Ok(code.as_str()));
        }
        let letters: BTreeSet<u8> = codes.iter().flat_map(|code| code.bytes()).collect();
        assert_eq!(letters.len(), ALPHABET.len());
    }

    #[test]
    fn rude_codes_are_recognised() {
        for rude in ["XFCKXXXX", "XXXXXKKK", "X88XXXXX", "5CHWN2XX", "XXX55XXX", "NGGRXXXX", "XXXXK2XX"] {
            assert!(is_rude(rude), "{rude}");
        }
        assert!(!is_rude("CDFGHJM2"));
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        for typed in ["cdfg-2589", " CDFG 2589 ", "cdfg\u{2011}zsb9", "C.D.F.G.2.5.8.9", "cdfg_2s8\u{a0}9"] {
            assert_eq!(Code::read(typed).map(|code| code.0).as_deref(), Ok("CDFG2589"), "{typed:?}");
        }
        for bad in ["", "  ", "CDFG258", "CDFG25899", "CDFG258ü", "СDFG2589", "CDFG%589"] {
            assert!(Code::read(bad).is_err(), "{bad:?}");
        }
    }
}
