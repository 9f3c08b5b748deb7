//! The identity with which a service calls others.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// How long a token is good for; a new one is made when half of that is over.
const LIFETIME: Duration = Duration::from_secs(300);

/// A key that is not an Ed25519 private key in PKCS#8 PEM, or cannot sign.
#[derive(Debug, thiserror::Error)]
#[error("the workload key cannot be used: {0}")]
pub struct InvalidKey(#[from] jsonwebtoken::errors::Error);

/// A service's own name and key. It signs short-lived tokens that say no more than who calls.
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
    /// The workload `name`, whose public key the other services know under that `kid`.
    pub fn new(name: &'static str, pem: &[u8], issuer: String, audience: String) -> Result<Self, InvalidKey> {
        let key = EncodingKey::from_ed_pem(pem)?;
        Ok(Self { name, issuer, audience, key, current: Mutex::new(None) })
    }

    /// Its name, such as `edge`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A token that is good for at least half of its lifetime.
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
