//! Rules for enums.

use prost_reflect::EnumDescriptor;

use crate::contracts::{Contracts, snake_case};

fn prefix(kind: &EnumDescriptor) -> String {
    format!("{}_", snake_case(kind.name()).to_uppercase())
}

/// Checks that value 0 is `..._UNSPECIFIED`: clients that do not know a field send 0, so it must not mean anything.
pub fn zero_is_unspecified(contracts: &Contracts) -> Vec<String> {
    let zeroes = contracts.enums().filter_map(|kind| {
        let zero = kind.get_value(0).map(|value| value.name().to_owned());
        let expected = format!("{}UNSPECIFIED", prefix(&kind));
        (zero.as_deref() != Some(expected.as_str())).then(|| format!("{}: 0 is not {expected}", kind.full_name()))
    });
    zeroes.collect()
}

/// Checks that values start with the name of their enum, because in C++ and Python the values of a package share one scope.
pub fn values_are_prefixed(contracts: &Contracts) -> Vec<String> {
    let mut misnamed = Vec::new();
    for kind in contracts.enums() {
        let prefix = prefix(&kind);
        let fits = |name: &str| name.strip_prefix(&prefix).is_some_and(is_upper_snake_case);
        misnamed.extend(kind.values().filter(|value| !fits(value.name())).map(|value| value.full_name().to_owned()));
    }
    misnamed
}

/// Returns whether words are `UPPER_SNAKE_CASE`. The part after a prefix may start with a digit.
pub fn is_upper_snake_case(words: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    words.split('_').all(is_word)
}
