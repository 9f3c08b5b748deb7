//! Seals what services give to clients to keep, such as page tokens: only the service reads it, and nobody changes it.

use std::str::FromStr;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// Contents are padded to multiples of this, so that the length of a token says nothing about a row. No sort key is longer.
const BLOCK: usize = 192;
/// The largest token that is opened.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The most keys in use at once. Each of them costs the reader of a changed token a decryption.
const MAX_KEYS: usize = 8;

/// The keys of what this process seals: random until [`TokenKeys::install`] is called, so that no key is known to anyone.
static INSTALLED: LazyLock<RwLock<Arc<TokenKeys>>> = LazyLock::new(|| RwLock::new(Arc::new(TokenKeys::random())));

/// The keys that seal: the first one seals, all of them open.
#[derive(Debug)]
pub struct TokenKeys(Vec<hmac::Key>);

/// A text has no keys that seal.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {MAX_KEYS} keys, each of {KEY_BYTES} bytes in base64 on a line of its own")]
pub struct InvalidTokenKeys;

impl FromStr for TokenKeys {
    type Err = InvalidTokenKeys;

    fn from_str(text: &str) -> Result<Self, InvalidTokenKeys> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let key = |line| STANDARD.decode(line).ok().filter(|bytes| bytes.len() == KEY_BYTES);
        let keys: Option<Vec<_>> = lines.map(|line| key(line).map(|bytes| hmac::Key::new(hmac::HMAC_SHA256, &bytes))).collect();
        keys.filter(|keys| (1..=MAX_KEYS).contains(&keys.len())).map(Self).ok_or(InvalidTokenKeys)
    }
}

impl TokenKeys {
    fn random() -> Self {
        let bytes = [Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat();
        Self(vec![hmac::Key::new(hmac::HMAC_SHA256, &bytes)])
    }

    /// Makes these the keys of the process.
    pub fn install(self) {
        *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(self);
    }

    fn installed() -> Arc<Self> {
        Arc::clone(&INSTALLED.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn seal(&self, purpose: &str, content: &[u8]) -> Option<String> {
        let salt = Uuid::new_v4().into_bytes();
        let mut sealed = [content, &[0x80]].concat();
        sealed.resize(sealed.len().next_multiple_of(BLOCK), 0);
        cipher(self.0.first()?, &salt)?.seal_in_place_append_tag(nonce(), Aad::from(purpose), &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([salt.as_slice(), &sealed].concat()))
    }

    fn open(&self, purpose: &str, token: &str) -> Option<Vec<u8>> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (salt, sealed) = bytes.split_at_checked(SALT_BYTES)?;
        self.0.iter().find_map(|key| {
            let mut sealed = sealed.to_vec();
            let padded = cipher(key, salt)?.open_in_place(nonce(), Aad::from(purpose), &mut sealed).ok()?;
            let end = padded.iter().rposition(|byte| *byte != 0)?;
            Some(padded.get(..end)?.to_vec())
        })
    }
}

/// Each token has a key of its own, made from its salt. A nonce can therefore not be used twice, however many tokens are sealed.
fn cipher(key: &hmac::Key, salt: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, hmac::sign(key, salt).as_ref()).ok().map(LessSafeKey::new)
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

/// Seals a value. The token opens for the same `purpose` only, which names the method, the caller and all that the value depends on.
pub fn seal<V: Serialize>(purpose: &str, value: &V) -> String {
    let content = serde_json::to_vec(value).unwrap_or_default();
    TokenKeys::installed().seal(purpose, &content).unwrap_or_default()
}

/// Returns the value in a token of [`seal`], or `None` if it is another purpose's or was changed.
pub fn open<V: DeserializeOwned>(purpose: &str, token: &str) -> Option<V> {
    serde_json::from_slice(&TokenKeys::installed().open(purpose, token)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> TokenKeys {
        let lines: Vec<String> = bytes.iter().map(|byte| STANDARD.encode([*byte; KEY_BYTES])).collect();
        lines.join("\n").parse().expect("keys")
    }

    #[test]
    fn a_token_opens_for_its_purpose_only_and_unchanged_only() {
        let keys = keys(&[1]);
        let token = keys.seal("q", b"content").expect("a token");
        assert_eq!(keys.open("q", &token).as_deref(), Some(b"content".as_slice()));
        assert_eq!(keys.open("other", &token), None);
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys.open("q", &String::from_utf8(changed).expect("ascii")), None, "{index}");
        }
        for bad in ["", "*", "AAAA", &"A".repeat(MAX_TOKEN_BYTES + 1), &token[..token.len() - 4]] {
            assert_eq!(keys.open("q", bad), None, "{bad}");
        }
    }

    #[test]
    fn tokens_are_as_long_whatever_is_in_them_and_never_the_same() {
        let keys = keys(&[1]);
        let lengths: std::collections::BTreeSet<_> =
            (0..BLOCK).map(|length| keys.seal("q", &vec![7; length]).expect("a token").len()).collect();
        assert_eq!(lengths.len(), 1);
        assert_ne!(keys.seal("q", b"content"), keys.seal("q", b"content"));
        assert_eq!(keys.open("q", &keys.seal("q", b"").expect("a token")), Some(Vec::new()));
    }

    #[test]
    fn keys_rotate() {
        let (old, both, new) = (keys(&[1]), keys(&[2, 1]), keys(&[2]));
        let before = old.seal("q", b"content").expect("a token");
        assert!(both.open("q", &before).is_some() && new.open("q", &before).is_none());
        let after = both.seal("q", b"content").expect("a token");
        assert!(new.open("q", &after).is_some() && old.open("q", &after).is_none());
    }

    #[test]
    fn keys_are_whole() {
        let key = STANDARD.encode([1; KEY_BYTES]);
        assert!(format!("\n{key}\n\n {key}\n").parse::<TokenKeys>().is_ok());
        let many = format!("{key}\n").repeat(MAX_KEYS + 1);
        for bad in ["", "\n", "secret", &key[1..], &STANDARD.encode([1; KEY_BYTES - 1]), &format!("{key}\nsecret"), &many] {
            assert_eq!(bad.parse::<TokenKeys>().err(), Some(InvalidTokenKeys), "{bad}");
        }
    }
}
