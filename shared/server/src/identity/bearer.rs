//! What a verified token says of its bearer.

use serde::Deserialize;
use uuid::Uuid;

use super::caller::Role;

/// The claims that are looked at, beside those that every token must have as they are.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    pub(crate) exp: f64,
    pub(crate) nbf: Option<f64>,
}

/// Whom an issuer's tokens name.
pub(crate) trait Bearer: Clone {
    /// What a token proves that the key `kid` has signed; nothing, if it says what its issuer must not say.
    fn of(kid: &str, claims: &Claims) -> Option<Self>;
}

/// A user. Small whatever their token holds: it is remembered.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) roles: Vec<Role>,
}

/// A service, by its name.
#[derive(Debug, Clone)]
pub(crate) struct Service(pub(crate) String);

impl Bearer for Person {
    fn of(_kid: &str, claims: &Claims) -> Option<Self> {
        let id = Uuid::try_parse(&claims.sub).ok()?;
        let mut roles = Vec::new();
        for role in &claims.roles {
            let role = match role.as_str() {
                "moderator" => Role::Moderator,
                "operator" => Role::Operator,
                // A users' issuer that names services is misconfigured or worse; other roles are not ours to judge.
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

impl Bearer for Service {
    fn of(kid: &str, claims: &Claims) -> Option<Self> {
        let name = claims.sub.strip_prefix("service:")?;
        // A key speaks for its own workload only; a suffix such as `edge.2` lets keys rotate.
        let owner = kid.split_once('.').map_or(kid, |(owner, _)| owner);
        (owner == name).then(|| Self(name.to_owned()))
    }
}
