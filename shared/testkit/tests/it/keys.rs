//! Development keys, and the tokens that they sign.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use orchard_testkit::cluster::scratch;
use orchard_testkit::keys::{AUDIENCE, DevKeys, Signer, USER_ISSUER, WORKLOAD_ISSUER, WORKLOADS, user_id};
use serde_json::{Value, json};
use uuid::Uuid;

fn folder(keys: &DevKeys) -> PathBuf {
    keys.user_jwks_file().parent().unwrap().to_owned()
}

fn verify(token: &str, jwks: &Value, issuer: &str) -> Result<Value> {
    let jwks: JwkSet = serde_json::from_value(jwks.clone())?;
    let header = jsonwebtoken::decode_header(token)?;
    let jwk = jwks.find(&header.kid.context("no kid")?).context("no such key")?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer]);
    validation.leeway = 0;
    Ok(jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(jwk)?, &validation)?.claims)
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_users_token_is_accepted_by_the_users_key_only() {
    let keys = DevKeys::ephemeral().unwrap();
    let token = keys.user_token(user_id("alice"), &["operator"], HOUR).unwrap();
    let claims = verify(&token, &keys.user_jwks(), USER_ISSUER).unwrap();
    assert_eq!(claims["sub"], user_id("Alice").to_string());
    assert_eq!(claims["roles"], json!(["operator"]));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
    assert!(verify(&token, &keys.workload_jwks(), USER_ISSUER).is_err());
}

#[test]
fn every_service_signs_with_its_own_key() {
    let keys = DevKeys::ephemeral().unwrap();
    for name in WORKLOADS {
        let token = keys.workload_token(name, HOUR).unwrap();
        let claims = verify(&token, &keys.workload_jwks(), WORKLOAD_ISSUER).unwrap();
        assert_eq!(claims["sub"], format!("service:{name}"));
    }
    let error = keys.workload_token("nobody", HOUR).unwrap_err().to_string();
    assert!(error.contains("billing"), "{error}");
}

#[test]
fn bad_tokens_can_be_made() {
    let keys = DevKeys::ephemeral().unwrap();
    let forged = json!({ "iss": WORKLOAD_ISSUER, "aud": AUDIENCE, "sub": "service:billing", "exp": 4_000_000_000_u64 });
    let header = json!({ "alg": "EdDSA", "kid": "billing" });
    let token = keys.sign_raw(Signer::Users, &header, &forged).unwrap();
    assert!(verify(&token, &keys.workload_jwks(), WORKLOAD_ISSUER).is_err());
    assert!(verify(&keys.sign(Signer::Workload("billing"), &forged).unwrap(), &keys.workload_jwks(), WORKLOAD_ISSUER).is_ok());

    let expired = json!({ "iss": USER_ISSUER, "aud": AUDIENCE, "sub": user_id("alice"), "exp": 1 });
    let error = verify(&keys.sign(Signer::Users, &expired).unwrap(), &keys.user_jwks(), USER_ISSUER).unwrap_err();
    assert!(error.to_string().contains("ExpiredSignature"), "{error}");
}

#[test]
fn keys_are_private_files_that_stay() {
    let keys = DevKeys::ephemeral().unwrap();
    let folder = folder(&keys);
    let again = DevKeys::load_or_create(&folder).unwrap();
    assert_eq!(keys.user_jwks(), again.user_jwks());
    assert_eq!(keys.workload_jwks(), again.workload_jwks());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in [keys.user_jwks_file(), keys.workload_jwks_file(), keys.workload_key_file("edge"), folder.join("users.pem")] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(fs::read_dir(folder.join("workloads")).unwrap().count(), WORKLOADS.len(), "nothing is left beside the keys");
    drop(keys);
    assert!(!folder.exists());
}

#[test]
fn only_the_folder_of_the_keys_is_closed() {
    let above = scratch().join(format!("orchard-above-{}", Uuid::new_v4().simple()));
    let folder = above.join("keys");
    DevKeys::load_or_create(&folder).unwrap();
    let is_closed = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0;
    assert!(is_closed(&folder) && !is_closed(&above));
    fs::remove_dir_all(&above).unwrap();
}

#[test]
fn who_finds_no_keys_at_the_same_time_gets_the_same() {
    let folder = scratch().join(format!("orchard-keys-{}", Uuid::new_v4().simple()));
    let all: Vec<Value> = std::thread::scope(|scope| {
        let made: Vec<_> = (0..8).map(|_| scope.spawn(|| DevKeys::load_or_create(&folder).unwrap().workload_jwks())).collect();
        made.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    fs::remove_dir_all(&folder).unwrap();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_broken_key_is_named() {
    let keys = DevKeys::ephemeral().unwrap();
    fs::write(keys.workload_key_file("edge"), "no key").unwrap();
    let error = DevKeys::load_or_create(&folder(&keys)).unwrap_err().to_string();
    assert!(error.contains("edge.pem"), "{error}");
}

#[test]
fn a_user_is_named_by_uuid_or_name() {
    let id = Uuid::new_v4();
    assert_eq!(user_id(&id.to_string()), id);
    assert_eq!(user_id("Alice"), user_id(" alice "));
    assert_ne!(user_id("alice"), user_id("bob"));
    assert_eq!(user_id("alice").get_version_num(), 5);
}
