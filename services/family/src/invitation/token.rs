//! The token of an invitation that names no user.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

const BYTES: usize = 32;

/// The secret that accepts an invitation. Only its hash is stored.
#[derive(Clone)]
pub(super) struct Token([u8; BYTES]);

impl Token {
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = [0; BYTES];
        getrandom::fill(&mut secret)?;
        Ok(Self(secret))
    }

    /// Returns the hash. It needs neither a salt nor a slow function, because 256 random bits cannot be guessed.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }

    pub(super) fn to_wire(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(super) fn read(text: &str) -> Result<Self, String> {
        let secret = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        secret.map(Self).ok_or_else(|| "is not a token of an invitation".to_owned())
    }
}
