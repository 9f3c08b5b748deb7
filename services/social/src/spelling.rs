//! Random codes that people type.

use uuid::Uuid;

/// Returns this many random characters of an alphabet. They have at most 60 bits together, because those of a UUID beyond are not all random.
pub(crate) fn random(alphabet: &[u8], length: usize) -> String {
    let (mut random, base) = (Uuid::new_v4().as_u128(), alphabet.len() as u128);
    let mut code = String::with_capacity(length);
    for _ in 0..length {
        code.push(char::from(alphabet[usize::try_from(random % base).unwrap_or_default()]));
        random /= base;
    }
    code
}
