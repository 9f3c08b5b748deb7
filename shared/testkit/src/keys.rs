//! Development keys, and tokens signed with them. They are made where they are used; nothing that is deployed knows them.

pub mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cluster::scratch;

/// Who signs users' tokens.
pub const USER_ISSUER: &str = "orchard-users";
/// Who signs services' tokens.
pub const WORKLOAD_ISSUER: &str = "orchard-workloads";
/// Whom all tokens are for.
pub const AUDIENCE: &str = "orchard";
/// The id of the users' key.
pub const USER_KEY_ID: &str = "users-1";
/// The services that have a key: the suite's own, and those of the platform that call it.
pub const WORKLOADS: [&str; 8] = ["family", "social", "recipe", "consultation", "edge", "identity", "commerce", "billing"];

const USER_NAMES: Uuid = Uuid::from_u128(0x6f72_6368_6172_6440_8000_7573_6572_7321);

/// Which key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer<'a> {
    /// The users' key.
    Users,
    /// The key of one of [`WORKLOADS`].
    Workload(&'a str),
}

/// The keys of users' and services' tokens, and the files that services read them from.
pub struct DevKeys {
    folder: PathBuf,
    is_temporary: bool,
    users: Key,
    workloads: BTreeMap<&'static str, Key>,
}

struct Key {
    id: &'static str,
    secret: EncodingKey,
    public: [u8; 32],
}

impl DevKeys {
    /// Reads the keys in a folder, making those that are missing.
    pub fn load_or_create(folder: &Path) -> Result<Self> {
        let private = folder.join("workloads");
        files::create_folder(folder)?;
        files::create_folder(&private)?;
        let users = Key::load_or_create(USER_KEY_ID, &folder.join("users.pem"))?;
        let mut workloads = BTreeMap::new();
        for name in WORKLOADS {
            workloads.insert(name, Key::load_or_create(name, &private.join(format!("{name}.pem")))?);
        }
        let keys = Self { folder: folder.to_owned(), is_temporary: false, users, workloads };
        files::read_or_create(&keys.token_keys_file(), files::new_token_key)?;
        files::write(&keys.user_jwks_file(), &keys.user_jwks().to_string())?;
        files::write(&keys.workload_jwks_file(), &keys.workload_jwks().to_string())?;
        Ok(keys)
    }

    /// New keys in a temporary folder, which goes with the value.
    pub fn ephemeral() -> Result<Self> {
        let folder = scratch().join(format!("orchard-keys-{}", Uuid::new_v4().simple()));
        let mut keys = Self::load_or_create(&folder)?;
        keys.is_temporary = true;
        Ok(keys)
    }

    /// The file with the public key of users' tokens.
    pub fn user_jwks_file(&self) -> PathBuf {
        self.folder.join("users.jwks.json")
    }

    /// The file with the public keys of all services' tokens.
    pub fn workload_jwks_file(&self) -> PathBuf {
        self.folder.join("workloads.jwks.json")
    }

    /// The file with the private key of one of [`WORKLOADS`].
    pub fn workload_key_file(&self, name: &str) -> PathBuf {
        self.folder.join("workloads").join(format!("{name}.pem"))
    }

    /// The file with the key that seals page tokens.
    pub fn token_keys_file(&self) -> PathBuf {
        self.folder.join("token-keys")
    }

    /// The public key of users' tokens.
    pub fn user_jwks(&self) -> Value {
        json!({ "keys": [self.users.public_jwk()] })
    }

    /// The public keys of all services' tokens.
    pub fn workload_jwks(&self) -> Value {
        json!({ "keys": self.workloads.values().map(Key::public_jwk).collect::<Vec<_>>() })
    }

    /// A token of a user; `roles` are `moderator`, `operator`, or none.
    pub fn user_token(&self, user: Uuid, roles: &[&str], ttl: Duration) -> Result<String> {
        let (now, expiry) = from_now(ttl)?;
        let claims =
            json!({ "iss": USER_ISSUER, "aud": AUDIENCE, "sub": user.to_string(), "iat": now, "exp": expiry, "roles": roles });
        self.sign(Signer::Users, &claims)
    }

    /// A token of one of [`WORKLOADS`].
    pub fn workload_token(&self, name: &str, ttl: Duration) -> Result<String> {
        let (now, expiry) = from_now(ttl)?;
        let subject = format!("service:{name}");
        let claims = json!({ "iss": WORKLOAD_ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": expiry });
        self.sign(Signer::Workload(name), &claims)
    }

    /// Signs any claims with a key of one's choice, under the header that belongs to the key.
    pub fn sign(&self, signer: Signer<'_>, claims: &Value) -> Result<String> {
        let key = self.key(signer)?;
        self.sign_raw(signer, &json!({ "alg": "EdDSA", "typ": "JWT", "kid": key.id }), claims)
    }

    /// Signs any header and claims, so that tests can make the tokens that must be refused. The signature is the key's whatever
    /// the header says.
    pub fn sign_raw(&self, signer: Signer<'_>, header: &Value, claims: &Value) -> Result<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key(signer)?.secret, Algorithm::EdDSA)?;
        Ok(format!("{message}.{signature}"))
    }

    fn key(&self, signer: Signer<'_>) -> Result<&Key> {
        match signer {
            Signer::Users => Ok(&self.users),
            Signer::Workload(name) => self
                .workloads
                .get(name)
                .with_context(|| format!("there is no service `{name}`; those with a key are {}", WORKLOADS.join(", "))),
        }
    }
}

impl Drop for DevKeys {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

impl std::fmt::Debug for DevKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DevKeys").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Key {
    fn load_or_create(id: &'static str, path: &Path) -> Result<Self> {
        let pem = files::read_or_create(path, files::new_pem)?;
        let parse = || -> Result<Self> {
            use ed25519_dalek::pkcs8::DecodePrivateKey as _;
            let public = SigningKey::from_pkcs8_pem(&pem)?.verifying_key().to_bytes();
            Ok(Self { id, secret: EncodingKey::from_ed_pem(pem.as_bytes())?, public })
        };
        parse().with_context(|| format!("{} holds no Ed25519 key; remove it and a new one is made", path.display()))
    }

    fn public_jwk(&self) -> Value {
        let point = URL_SAFE_NO_PAD.encode(self.public);
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": point })
    }
}

/// The id of a user by UUID or by name: a name has the same id everywhere.
pub fn user_id(name_or_uuid: &str) -> Uuid {
    let trimmed = name_or_uuid.trim();
    Uuid::parse_str(trimmed).unwrap_or_else(|_| Uuid::new_v5(&USER_NAMES, trimmed.to_lowercase().as_bytes()))
}

/// Now, and the moment `ttl` later, in seconds of the epoch.
fn from_now(ttl: Duration) -> Result<(u64, u64)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs();
    Ok((now, now.saturating_add(ttl.as_secs())))
}
