//! Numbers that stand for words in the index.

/// A word, or another thing that a recipe may have, in the index: a hash, which is the same in every release.
pub(crate) type Token = i64;

/// Where a recipe has a word, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Name,
    Tag,
    Food,
    Description,
}

impl Place {
    /// All places in their order.
    pub(crate) const ALL: [Self; 4] = [Self::Name, Self::Tag, Self::Food, Self::Description];

    /// Returns the token of a stem in this place.
    pub(crate) fn token(self, stem: Token) -> Token {
        stem | self as Token
    }

    /// Returns whether a token is one of this place.
    pub(crate) fn has(self, token: Token) -> bool {
        token & 7 == self as Token
    }
}

/// Returns the token of a stem in no place. The places are its lowest three bits.
pub(crate) fn stem_token(stem: &str) -> Token {
    hash(stem) & !7
}

/// Returns the token of what a recipe has, and is no word of it.
pub(crate) fn fact(kind: &str, value: &str) -> Token {
    hash(&format!("{kind}:{value}")) | 7
}

/// Returns the token of a fragment of a word.
pub(crate) fn fragment(letters: &str) -> Token {
    hash(letters)
}

/// FNV-1a, with a finish that lets every bit depend on all letters.
fn hash(text: &str) -> Token {
    let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    (hash ^ (hash >> 33)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_that_databases_hold() {
        assert_eq!(stem_token("apple"), stem_token("apple"));
        assert_eq!(Place::Food.token(stem_token("apple")) & 7, 2);
        assert_ne!(stem_token("apple"), stem_token("peach"));
    }
}
