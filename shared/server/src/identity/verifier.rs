//! Verifies bearer tokens against the keys of the two issuers.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, USER_TOKEN, common};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Caller, Role, User};
use crate::ServeOptions;

/// Asymmetric only: with a shared secret whoever verifies could also sign.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];
/// Clocks of two machines differ by less.
const LEEWAY_SECONDS: u64 = 5;
/// Longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Verifies tokens of users and of workloads. The two have issuers and keys of their own, so neither can speak for the other.
#[derive(Debug)]
pub(crate) struct Verifier {
    users: Issuer,
    workloads: Issuer,
}

#[derive(Debug)]
struct Issuer {
    name: String,
    audience: String,
    keys: HashMap<String, (Algorithm, DecodingKey)>,
}

#[derive(Deserialize)]
struct Issued {
    iss: String,
}

#[derive(Deserialize)]
struct UserClaims {
    sub: String,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct WorkloadClaims {
    sub: String,
}

impl Verifier {
    pub(crate) fn load(options: &ServeOptions) -> anyhow::Result<Self> {
        if options.user_issuer == options.workload_issuer {
            bail!("users and workloads need issuers of their own: both are {}", options.user_issuer);
        }
        let users = Issuer::load(&options.user_jwks_file, &options.user_issuer, &options.audience)?;
        let workloads = Issuer::load(&options.workload_jwks_file, &options.workload_issuer, &options.audience)?;
        Ok(Self { users, workloads })
    }

    /// The caller whom the request's headers prove.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = bearer(headers, AUTHORIZATION.as_str())?;
        let token = token.ok_or_else(|| common(ErrorReason::TokenMissing, "the method needs a bearer token"))?;
        let beside = bearer(headers, USER_TOKEN)?;
        let issued: Issued = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| invalid())?;
        if issued.iss == self.workloads.name {
            let service = self.workloads.service(token)?;
            let user = beside.map(|token| self.users.user(token)).transpose()?;
            return Ok(Caller { user, service: Some(service) });
        }
        // Only a service acts for somebody else.
        if beside.is_some() {
            return Err(invalid());
        }
        Ok(Caller { user: Some(self.users.user(token)?), service: None })
    }
}

impl Issuer {
    fn load(file: &std::path::Path, name: &str, audience: &str) -> anyhow::Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("cannot read the JWKS {}", file.display()))?;
        let set: JwkSet = serde_json::from_slice(&text).with_context(|| format!("{} is not a JWKS", file.display()))?;
        let keys = keys(&set).with_context(|| format!("{} cannot be used", file.display()))?;
        Ok(Self { name: name.to_owned(), audience: audience.to_owned(), keys })
    }

    fn user(&self, token: &str) -> Result<User, Refusal> {
        let (_, claims): (_, UserClaims) = self.verify(token)?;
        let id = Uuid::try_parse(&claims.sub).map_err(|_| invalid())?;
        let mut roles = Vec::new();
        for role in &claims.roles {
            match role.as_str() {
                "moderator" => roles.push(Role::Moderator),
                "operator" => roles.push(Role::Operator),
                // A users' issuer that names services is misconfigured or worse; other roles are not ours to judge.
                service if service.starts_with("service:") => return Err(invalid()),
                _ => {}
            }
        }
        Ok(User { id, roles, token: token.to_owned() })
    }

    fn service(&self, token: &str) -> Result<String, Refusal> {
        let (kid, claims): (_, WorkloadClaims) = self.verify(token)?;
        let name = claims.sub.strip_prefix("service:").ok_or_else(invalid)?;
        // A key speaks for its own workload only; a suffix such as `edge.2` lets keys rotate.
        let owner = kid.split_once('.').map_or(kid.as_str(), |(owner, _)| owner);
        if owner == name { Ok(name.to_owned()) } else { Err(invalid()) }
    }

    fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<(String, T), Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let kid = header.kid.ok_or_else(invalid)?;
        let (algorithm, key) = self.keys.get(&kid).ok_or_else(invalid)?;
        let mut validation = Validation::new(*algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[&self.audience]);
        let verified = jsonwebtoken::decode::<T>(token, key, &validation).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => common(ErrorReason::TokenExpired, "the token has expired"),
            _ => invalid(),
        })?;
        Ok((kid, verified.claims))
    }
}

/// The keys for signing, by `kid`; at least one.
fn keys(set: &JwkSet) -> anyhow::Result<HashMap<String, (Algorithm, DecodingKey)>> {
    let mut keys = HashMap::new();
    for jwk in set.keys.iter().filter(|jwk| signs(jwk)) {
        let (kid, key) = key(jwk)?;
        if keys.insert(kid.clone(), key).is_some() {
            bail!("two keys have the kid {kid}");
        }
    }
    if keys.is_empty() { Err(anyhow::anyhow!("no key is for {ALGORITHMS:?}")) } else { Ok(keys) }
}

/// The algorithm that a key states, if it is one of ours. Issuers publish keys for encryption beside those for signing.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let stated: Algorithm = jwk.common.key_algorithm?.to_string().parse().ok()?;
    ALGORITHMS.contains(&stated).then_some(stated)
}

fn signs(jwk: &Jwk) -> bool {
    !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) && algorithm(jwk).is_some()
}

fn key(jwk: &Jwk) -> anyhow::Result<(String, (Algorithm, DecodingKey))> {
    let kid = jwk.common.key_id.clone().context("a key has no kid")?;
    let algorithm = algorithm(jwk).with_context(|| format!("key {kid} is not for signing"))?;
    let key = DecodingKey::from_jwk(jwk).with_context(|| format!("key {kid} cannot be read"))?;
    Ok((kid, (algorithm, key)))
}

fn bearer<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if token.len() <= MAX_TOKEN_BYTES && values.next().is_none() => Ok(Some(token)),
        Some(_) | None => Err(invalid()),
    }
}

/// One answer for all that is wrong with a token, so that none of it can be probed.
fn invalid() -> Refusal {
    common(ErrorReason::TokenInvalid, "the token is not one that this service accepts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(keys_json: &[Value]) -> anyhow::Result<Vec<String>> {
        let set: JwkSet = serde_json::from_value(json!({ "keys": keys_json }))?;
        Ok(keys(&set)?.into_keys().collect())
    }

    #[test]
    fn keys_for_signing_are_taken_and_others_passed_over() {
        let signing = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "a",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let encryption = json!({"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "b", "n": "AQAB", "e": "AQAB"});
        let shared = json!({"kty": "oct", "alg": "HS256", "kid": "c", "k": "c2VjcmV0"});
        assert_eq!(read(&[encryption.clone(), shared.clone(), signing.clone()]).expect("keys"), ["a"]);
        assert!(read(&[signing.clone(), signing]).is_err(), "two of one kid");
        assert!(read(&[encryption, shared]).is_err(), "none for signing");
        assert!(read(&[]).is_err());
    }
}
