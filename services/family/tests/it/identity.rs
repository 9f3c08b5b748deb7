//! Tokens, and the callers that they identify.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Headers;
use orchard_testkit::keys::Signer;
use serde_json::{Value, json};
use tonic::Code;

use crate::world::{World, denied, euros, id, not_found};

const HOUR: Duration = Duration::from_secs(3600);
const USER_TOKEN: &str = "x-orchard-user-token";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = json!({
        "iss": "orchard-users", "aud": "orchard", "sub": id().to_string(), "iat": now(), "exp": now() + 3600,
    });
    change(&mut claims);
    claims
}

impl World {
    async fn read_as(&self, headers: Headers) -> (Code, String) {
        let request = pb::GetPlanRequest { family_plan_id: id().to_string() };
        refused(PlanServiceClient::new(self.slice.with(headers)).get_plan(request).await)
    }

    async fn deposit_as(&self, headers: Headers) -> (Code, String) {
        let request = pb::DepositRequest {
            family_plan_id: id().to_string(),
            amount: euros(1),
            reference: "r".to_owned(),
            reason: "r".to_owned(),
        };
        refused(WalletServiceClient::new(self.slice.with(headers)).deposit(request).await)
    }
}

fn unauthenticated(reason: &str) -> (Code, String) {
    (Code::Unauthenticated, reason.to_owned())
}

/// The answer to a valid token, from which the answers to invalid ones differ.
fn plan_not_found() -> (Code, String) {
    not_found("PLAN_NOT_FOUND")
}

#[tokio::test]
async fn valid_tokens_are_accepted() -> anyhow::Result<()> {
    let world = World::start().await?;
    let keys = &world.slice.keys;
    assert_eq!(world.read_as(Headers::bearer(&keys.sign(Signer::Users, &claims(|_| ()))?)?).await, plan_not_found());
    let list = claims(|c| c["aud"] = json!(["other", "orchard"]));
    assert_eq!(world.read_as(Headers::bearer(&keys.sign(Signer::Users, &list)?)?).await, plan_not_found());
    assert_eq!(world.deposit_as(Headers::bearer(&keys.workload_token("billing", HOUR)?)?).await, plan_not_found());
    Ok(())
}

#[tokio::test]
async fn missing_and_expired_tokens_have_reasons_of_their_own() -> anyhow::Result<()> {
    let world = World::start().await?;
    assert_eq!(world.read_as(Headers::none()).await, unauthenticated("TOKEN_MISSING"));
    let expired = claims(|c| c["exp"] = json!(now() - 60));
    let token = world.slice.keys.sign(Signer::Users, &expired)?;
    assert_eq!(world.read_as(Headers::bearer(&token)?).await, unauthenticated("TOKEN_EXPIRED"));
    Ok(())
}

#[tokio::test]
async fn invalid_tokens_are_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    let keys = &world.slice.keys;
    let mut bad = vec![
        ("wrong audience", keys.sign(Signer::Users, &claims(|c| c["aud"] = json!("other")))?),
        ("no audience", keys.sign(Signer::Users, &claims(|c| drop(c.as_object_mut().expect("claims").remove("aud"))))?),
        ("no expiry", keys.sign(Signer::Users, &claims(|c| drop(c.as_object_mut().expect("claims").remove("exp"))))?),
        ("no subject", keys.sign(Signer::Users, &claims(|c| drop(c.as_object_mut().expect("claims").remove("sub"))))?),
        ("subject is no UUID", keys.sign(Signer::Users, &claims(|c| c["sub"] = json!("alice")))?),
        ("not yet valid", keys.sign(Signer::Users, &claims(|c| c["nbf"] = json!(now() + 600)))?),
        ("unknown issuer", keys.sign(Signer::Users, &claims(|c| c["iss"] = json!("evil")))?),
        ("a workload's key signs a user", keys.sign(Signer::Workload("edge"), &claims(|_| ()))?),
        ("rubbish", "a.b.c".to_owned()),
        ("empty", String::new()),
        ("far too long", "x".repeat(9_000)),
    ];
    for (what, header) in [
        ("unknown key", json!({"alg": "EdDSA", "kid": "nobody"})),
        ("no key id", json!({"alg": "EdDSA"})),
        ("alg none", json!({"alg": "none", "kid": "users-1"})),
        ("other algorithm than the key's", json!({"alg": "ES256", "kid": "users-1"})),
    ] {
        bad.push((what, keys.sign_raw(Signer::Users, &header, &claims(|_| ()))?));
    }
    // Uses the public key as a shared secret. A verifier that trusts the header's `alg` would accept that.
    let public = keys.user_jwks()["keys"][0]["x"].as_str().expect("x").to_owned();
    let secret = jsonwebtoken::EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(public)?);
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some("users-1".to_owned());
    bad.push(("HS256", jsonwebtoken::encode(&header, &claims(|_| ()), &secret)?));
    // The signature of another token does not match.
    let (good, other) = (keys.sign(Signer::Users, &claims(|_| ()))?, keys.sign(Signer::Users, &claims(|_| ()))?);
    let parts: Vec<_> = good.split('.').chain(other.split('.')).collect();
    bad.push(("another's signature", format!("{}.{}.{}", parts[0], parts[1], parts[5])));
    bad.push(("no signature", format!("{}.{}.", parts[0], parts[1])));

    for (what, token) in bad {
        assert_eq!(world.read_as(Headers::bearer(&token)?).await, unauthenticated("TOKEN_INVALID"), "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn a_user_token_never_identifies_a_service() -> anyhow::Result<()> {
    let world = World::start().await?;
    let keys = &world.slice.keys;
    let user = keys.user_token(id(), &["operator"], HOUR)?;
    let not_admitted = denied("CALLER_NOT_ADMITTED");
    assert_eq!(world.deposit_as(Headers::bearer(&user)?).await, not_admitted);
    let other = keys.workload_token("social", HOUR)?;
    assert_eq!(world.deposit_as(Headers::bearer(&other)?).await, not_admitted, "another service");

    let workload = json!({
        "iss": "orchard-workloads", "aud": "orchard", "sub": "service:billing", "iat": now(), "exp": now() + 60,
    });
    let claims_it = [
        keys.sign(Signer::Users, &claims(|c| c["sub"] = json!("service:billing")))?,
        keys.sign(Signer::Users, &claims(|c| c["roles"] = json!(["service:billing"])))?,
        keys.sign(Signer::Users, &workload)?,
        keys.sign(Signer::Workload("social"), &workload)?,
    ];
    for token in claims_it {
        assert_eq!(world.deposit_as(Headers::bearer(&token)?).await, unauthenticated("TOKEN_INVALID"));
    }
    Ok(())
}

#[tokio::test]
async fn only_services_pass_the_token_of_a_user() -> anyhow::Result<()> {
    let world = World::start().await?;
    let keys = &world.slice.keys;
    let (user, other) = (keys.user_token(id(), &[], HOUR)?, keys.user_token(id(), &[], HOUR)?);
    let edge = keys.workload_token("edge", HOUR)?;
    assert_eq!(world.read_as(Headers::bearer(&edge)?.with(USER_TOKEN, &user)?).await, plan_not_found());
    let alone = world.read_as(Headers::bearer(&edge)?).await;
    assert_eq!(alone, denied("CALLER_NOT_ADMITTED"));
    let for_other = world.read_as(Headers::bearer(&user)?.with(USER_TOKEN, &other)?).await;
    assert_eq!(for_other, unauthenticated("TOKEN_INVALID"));
    let without_own = world.read_as(Headers::none().with(USER_TOKEN, &user)?).await;
    assert_eq!(without_own, unauthenticated("TOKEN_MISSING"));
    let bad_beside = world.read_as(Headers::bearer(&edge)?.with(USER_TOKEN, &edge)?).await;
    assert_eq!(bad_beside, unauthenticated("TOKEN_INVALID"));
    Ok(())
}
