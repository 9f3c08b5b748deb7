//! An issuer's keys, read from a JWKS (RFC 7517).

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context as _, bail};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::cache::VerifiedTokens;

/// The accepted algorithms. All are asymmetric: with a shared secret, a verifier could also sign.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// Keys that were read together, and the tokens that were verified with them.
#[derive(Debug)]
pub(crate) struct Keys<S> {
    by_id: HashMap<String, (Algorithm, DecodingKey)>,
    pub(crate) verified: VerifiedTokens<S>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

impl<S> Keys<S> {
    /// Reads the signing keys, at least one. Ignores other keys: issuers also publish encryption keys, and may add unknown kinds.
    pub(crate) fn parse(text: &[u8]) -> anyhow::Result<Self> {
        let jwks: Jwks = serde_json::from_slice(text).context("it is not a JWKS")?;
        let mut by_id = HashMap::new();
        for (id, key) in jwks.keys.into_iter().filter_map(signing) {
            if by_id.insert(id.clone(), key).is_some() {
                bail!("two keys have the kid {id}");
            }
        }
        if by_id.is_empty() {
            bail!("no key has a kid and one of the algorithms {ALGORITHMS:?}");
        }
        Ok(Self { by_id, verified: VerifiedTokens::default() })
    }

    pub(crate) fn get(&self, id: &str) -> Option<&(Algorithm, DecodingKey)> {
        self.by_id.get(id)
    }

    /// Returns the ids of all keys, for logs.
    pub(crate) fn ids(&self) -> BTreeSet<&str> {
        self.by_id.keys().map(String::as_str).collect()
    }
}

fn signing(key: Value) -> Option<(String, (Algorithm, DecodingKey))> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let id = jwk.common.key_id.clone()?;
    let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let algorithm = algorithm(&jwk).filter(|algorithm| signs && ALGORITHMS.contains(algorithm))?;
    Some((id, (algorithm, DecodingKey::from_jwk(&jwk).ok()?)))
}

/// Returns the algorithm that a key states. If it states none, as with some issuers, returns the accepted one that it fits.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let fits = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    let stated: Algorithm = match jwk.common.key_algorithm {
        Some(stated) => stated.to_string().parse().ok()?,
        None => fits,
    };
    (stated == fits).then_some(stated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(keys: &[Value]) -> anyhow::Result<Vec<String>> {
        let keys = Keys::<()>::parse(json!({ "keys": keys }).to_string().as_bytes())?;
        Ok(keys.ids().into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn signing_keys_are_read_and_others_ignored() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let signing = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "a", "x": x});
        let unstated = json!({"kty": "RSA", "use": "sig", "kid": "r", "n": "AQAB", "e": "AQAB"});
        let others = [
            json!({"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "b", "n": "AQAB", "e": "AQAB"}),
            json!({"kty": "RSA", "alg": "RS512", "kid": "b", "n": "AQAB", "e": "AQAB"}),
            json!({"kty": "OKP", "crv": "Ed25519", "use": "enc", "kid": "b", "x": x}),
            json!({"kty": "OKP", "crv": "Ed25519", "alg": "RS256", "kid": "b", "x": x}),
            json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": x}),
            json!({"kty": "oct", "alg": "HS256", "kid": "c", "k": "c2VjcmV0"}),
            json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "d", "pub": "AQAB"}),
            json!({"kty": "RSA", "alg": "RS256", "kid": "e"}),
            json!("rubbish"),
        ];
        let all: Vec<_> = others.iter().chain([&signing, &unstated]).cloned().collect();
        assert_eq!(read(&all).expect("keys"), ["a", "r"]);
        assert!(read(&[signing.clone(), signing]).is_err(), "two of one kid");
        assert!(read(&others).is_err(), "none for signing");
        assert!(read(&[]).is_err());
        assert!(Keys::<()>::parse(b"<html>").is_err());
    }
}
