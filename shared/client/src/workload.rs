//! The identity of a service that calls others.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// A token's lifetime. A new one is signed after half of it.
const LIFETIME: Duration = Duration::from_secs(300);

/// How often the key's file is read again. Its content is compared, because neither modification times nor file events tell reliably
/// that a volume was swapped under a symbolic link.
const FILE_PERIOD: Duration = Duration::from_secs(10);

/// Why a service cannot sign its tokens.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKey {
    /// The file cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// The file holds no Ed25519 private key in PKCS#8 PEM, or one that cannot sign.
    #[error("not a usable Ed25519 private key: {0}")]
    Unusable(#[from] jsonwebtoken::errors::Error),
    /// The key belongs to another service.
    #[error("its kid is {0}, and not the service's name, or that name, `.` and a suffix")]
    OtherOwner(String),
}

/// A service's name and key. Signs short-lived tokens that say only which service calls.
pub struct Workload {
    name: &'static str,
    issuer: String,
    audience: String,
    file: PathBuf,
    current: Mutex<Current>,
}

/// The key of now, and the last token that it signed.
struct Current {
    text: Vec<u8>,
    read_at: Instant,
    key: Key,
    token: Option<(SystemTime, String)>,
}

struct Key {
    id: String,
    secret: EncodingKey,
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

impl Key {
    /// Reads a key. A line `kid: edge.2` before the PEM tells which of the service's public keys belongs to it; without one, that is the key
    /// with the service's name.
    fn read(name: &str, text: &[u8]) -> Result<Self, InvalidKey> {
        let secret = EncodingKey::from_ed_pem(text)?;
        let lines = String::from_utf8_lossy(text);
        let id = lines.lines().take_while(|line| !line.starts_with('-')).find_map(|line| line.strip_prefix("kid:"));
        let id = id.map_or(name, str::trim);
        match id.strip_prefix(name) {
            Some(suffix) if suffix.is_empty() || suffix.starts_with('.') => Ok(Self { id: id.to_owned(), secret }),
            _ => Err(InvalidKey::OtherOwner(id.to_owned())),
        }
    }
}

impl Workload {
    /// Returns the workload `name`, whose key is in `file`. Other services must know its public key.
    pub fn open(name: &'static str, file: &Path, issuer: &str, audience: &str) -> Result<Self, InvalidKey> {
        let text = std::fs::read(file)?;
        let current = Current { key: Key::read(name, &text)?, text, read_at: Instant::now(), token: None };
        let (issuer, audience, file) = (issuer.to_owned(), audience.to_owned(), file.to_owned());
        Ok(Self { name, issuer, audience, file, current: Mutex::new(current) })
    }

    /// Returns the workload's name, such as `edge`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns a token that is valid for at least half of its lifetime, signed with the key that the file has had for 10 s.
    pub fn token(&self) -> Result<String, InvalidKey> {
        let now = SystemTime::now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.read_at.elapsed() >= FILE_PERIOD {
            self.read_again(&mut current);
        }
        match &current.token {
            Some((renew, token)) if now < *renew => Ok(token.clone()),
            Some(_) | None => {
                let token = self.sign(&current.key, now)?;
                current.token = Some((now + LIFETIME / 2, token.clone()));
                Ok(token)
            }
        }
    }

    /// Takes the key that is in the file now, or keeps the previous one while the file is missing or unusable.
    fn read_again(&self, current: &mut Current) {
        current.read_at = Instant::now();
        let Ok(text) = std::fs::read(&self.file) else { return };
        if text == current.text {
            return;
        }
        match Key::read(self.name, &text) {
            Ok(key) => {
                tracing::info!(kid = key.id, before = current.key.id, "the key that signs tokens has changed");
                (current.key, current.token) = (key, None);
            }
            Err(error) => tracing::warn!(%error, "cannot use the new key; keeping the previous one"),
        }
        current.text = text;
    }

    fn sign(&self, key: &Key, now: SystemTime) -> Result<String, InvalidKey> {
        let iat = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: format!("service:{}", self.name),
            iat,
            exp: iat + LIFETIME.as_secs(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.id.clone());
        Ok(jsonwebtoken::encode(&header, &claims, &key.secret)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_testkit::keys::DevKeys;

    fn kid(workload: &Workload) -> String {
        let header = jsonwebtoken::decode_header(workload.token().expect("a token")).expect("a header");
        header.kid.expect("a kid")
    }

    fn written(file: &Path, text: &str, workload: &Workload) {
        std::fs::write(file, text).expect("written");
        let mut current = workload.current.lock().expect("a lock");
        workload.read_again(&mut current);
    }

    #[test]
    fn the_key_follows_its_file() {
        let (one, other) = (DevKeys::ephemeral().expect("keys"), DevKeys::ephemeral().expect("keys"));
        let (file, new) = (one.workload_key_file("edge"), other.workload_key_file("edge"));
        let new = std::fs::read_to_string(new).expect("a key");
        let workload = Workload::open("edge", &file, "issuer", "audience").expect("a workload");
        let first = workload.token().expect("a token");
        assert_eq!((kid(&workload).as_str(), workload.token().expect("a token")), ("edge", first.clone()));
        written(&file, &format!("kid: edge.2\n{new}"), &workload);
        assert_eq!(kid(&workload), "edge.2");
        // What cannot be used changes nothing.
        for unusable in ["rubbish".to_owned(), format!("kid: edgeling\n{new}"), format!("kid: family\n{new}")] {
            written(&file, &unusable, &workload);
            assert_eq!(kid(&workload), "edge.2", "{unusable}");
        }
        std::fs::remove_file(&file).expect("removed");
        workload.read_again(&mut workload.current.lock().expect("a lock"));
        assert_eq!(kid(&workload), "edge.2");
    }
}
