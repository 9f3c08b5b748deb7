//! Whom a verified token names.

use serde::Deserialize;
use uuid::Uuid;

use super::caller::Role;

/// The claims that are read, in addition to those that must have fixed values.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    pub(crate) exp: f64,
    pub(crate) nbf: Option<f64>,
}

/// The subject of an issuer's tokens.
pub(crate) trait Subject: Clone {
    /// Reads the subject of a token signed by the key `kid`; `None` if the issuer may not make such a claim.
    fn read(kid: &str, claims: &Claims) -> Option<Self>;
}

/// A user. Small, whatever the token holds, because it is cached.
#[derive(Debug, Clone)]
pub(crate) struct UserSubject {
    pub(crate) id: Uuid,
    pub(crate) roles: Vec<Role>,
}

/// A service, by its name.
#[derive(Debug, Clone)]
pub(crate) struct ServiceSubject(pub(crate) String);

impl Subject for UserSubject {
    fn read(_kid: &str, claims: &Claims) -> Option<Self> {
        let id = Uuid::try_parse(&claims.sub).ok()?;
        let mut roles = Vec::new();
        for role in &claims.roles {
            let role = match role.as_str() {
                "moderator" => Role::Moderator,
                "operator" => Role::Operator,
                // A user issuer that names services is misconfigured or compromised. Unknown roles are ignored.
                service if service.starts_with("service:") => return None,
                _ => continue,
            };
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        Some(Self { id, roles })
    }
}

impl Subject for ServiceSubject {
    fn read(kid: &str, claims: &Claims) -> Option<Self> {
        let name = claims.sub.strip_prefix("service:")?;
        // A key signs for its own workload only. A suffix, as in `edge.2`, allows key rotation.
        let owner = kid.split_once('.').map_or(kid, |(owner, _)| owner);
        (owner == name).then(|| Self(name.to_owned()))
    }
}
