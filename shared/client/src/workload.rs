//! The identity of a service that calls others.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// A token's lifetime. A new one is signed after half of it.
const LIFETIME: Duration = Duration::from_secs(300);

/// The key is not an Ed25519 private key in PKCS#8 PEM, or cannot sign.
#[derive(Debug, thiserror::Error)]
#[error("not a usable Ed25519 private key: {0}")]
pub struct InvalidKey(#[from] jsonwebtoken::errors::Error);

/// A service's name and key. Signs short-lived tokens that say only which service calls.
pub struct Workload {
    name: &'static str,
    issuer: String,
    audience: String,
    key: EncodingKey,
    current: Mutex<Option<(SystemTime, String)>>,
}

impl std::fmt::Debug for Workload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workload").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    iat: u64,
    exp: u64,
}

impl Workload {
    /// Returns the workload `name`. Other services must know its public key by that `kid`.
    pub fn new(name: &'static str, pem: &[u8], issuer: String, audience: String) -> Result<Self, InvalidKey> {
        let key = EncodingKey::from_ed_pem(pem)?;
        Ok(Self { name, issuer, audience, key, current: Mutex::new(None) })
    }

    /// Returns the workload's name, such as `edge`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns a token that is valid for at least half of its lifetime.
    pub fn token(&self) -> Result<String, InvalidKey> {
        let now = SystemTime::now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.as_ref() {
            Some((renew, token)) if now < *renew => Ok(token.clone()),
            Some(_) | None => {
                let token = self.sign(now)?;
                *current = Some((now + LIFETIME / 2, token.clone()));
                Ok(token)
            }
        }
    }

    fn sign(&self, now: SystemTime) -> Result<String, InvalidKey> {
        let iat = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: format!("service:{}", self.name),
            iat,
            exp: iat + LIFETIME.as_secs(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.name.to_owned());
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}
