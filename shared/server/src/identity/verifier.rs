//! Verifies bearer tokens against the keys of the two issuers.

use anyhow::{Context as _, bail};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::Validation;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, USER_TOKEN, common};
use serde::Deserialize;

use super::bearer::{Bearer, Claims, Person, Service};
use super::cache::digest;
use super::caller::{Caller, User};
use super::clock::Clock;
use super::keyring::{Keyring, NoKey};
use super::keys::Keys;
use super::options::IdentityOptions;
use super::source::Source;

/// Clocks of two machines differ by less.
const LEEWAY_SECONDS: f64 = 5.0;
/// Longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Verifies tokens of users and of workloads. The two have issuers and keys of their own, so neither can speak for the other.
#[derive(Debug)]
pub(crate) struct Verifier {
    users: Issuer<Person>,
    workloads: Issuer<Service>,
}

#[derive(Debug)]
struct Issuer<B> {
    name: String,
    audience: String,
    clock: Clock,
    ring: Keyring<B>,
}

#[derive(Deserialize)]
struct Issued {
    iss: String,
}

impl Verifier {
    pub(crate) async fn load(options: &IdentityOptions) -> anyhow::Result<Self> {
        if options.user_issuer == options.workload_issuer {
            bail!("users and workloads need issuers of their own: both are {}", options.user_issuer);
        }
        if options.jwks_stale_limit <= options.jwks_refresh {
            bail!("keys would be too old before they are read again: --jwks-stale-limit must be longer than --jwks-refresh");
        }
        let users = Source::new(options.user_jwks_file.as_ref(), options.user_jwks_url.as_ref(), options);
        let workloads = Source::new(options.workload_jwks_file.as_ref(), options.workload_jwks_url.as_ref(), options);
        Ok(Self {
            users: Issuer::open(&options.user_issuer, users.context("users")?, options).await?,
            workloads: Issuer::open(&options.workload_issuer, workloads.context("workloads")?, options).await?,
        })
    }

    /// Keeps the keys up to date. Never ends by itself.
    pub(crate) async fn keep(&self) {
        tokio::join!(self.users.ring.keep(), self.workloads.ring.keep());
    }

    /// An error while tokens cannot be verified.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        self.users.ring.ready().await?;
        self.workloads.ring.ready().await
    }

    /// The caller whom the request's headers prove.
    pub(crate) async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = bearer(headers, AUTHORIZATION.as_str())?;
        let token = token.ok_or_else(|| common(ErrorReason::TokenMissing, "the method needs a bearer token"))?;
        let beside = bearer(headers, USER_TOKEN)?;
        let issued: Issued = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| invalid())?;
        if issued.iss == self.workloads.name {
            let Service(service) = self.workloads.verify(token).await?;
            let user = match beside {
                Some(token) => Some(self.user(token).await?),
                None => None,
            };
            return Ok(Caller { user, service: Some(service) });
        }
        // Only a service acts for somebody else. And what others issue, nobody's keys are read again for.
        if beside.is_some() || issued.iss != self.users.name {
            return Err(invalid());
        }
        Ok(Caller { user: Some(self.user(token).await?), service: None })
    }

    async fn user(&self, token: &str) -> Result<User, Refusal> {
        let Person { id, roles } = self.users.verify(token).await?;
        Ok(User { id, roles, token: token.to_owned() })
    }
}

impl<B: Bearer> Issuer<B> {
    async fn open(name: &str, source: Source, options: &IdentityOptions) -> anyhow::Result<Self> {
        let ring = Keyring::open(name, source, options).await?;
        Ok(Self { name: name.to_owned(), audience: options.audience.clone(), clock: options.clock.clone(), ring })
    }

    async fn verify(&self, token: &str) -> Result<B, Refusal> {
        let (digest, now) = (digest(token), self.clock.epoch_seconds());
        let keys = self.ring.current().ok_or_else(unavailable)?;
        if let Some(bearer) = keys.verified.get(&digest, now) {
            return Ok(bearer);
        }
        let kid = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid).ok_or_else(invalid)?;
        let keys = self.ring.with(&kid).await.map_err(|none| match none {
            NoKey::Unknown => invalid(),
            NoKey::Unavailable => unavailable(),
        })?;
        let claims = self.check(token, &kid, &keys)?;
        let bearer = B::of(&kid, &claims).ok_or_else(invalid)?;
        keys.verified.insert(digest, claims.exp, bearer.clone());
        Ok(bearer)
    }

    /// The claims of a token that `kid` has signed, for us and for now.
    fn check(&self, token: &str, kid: &str, keys: &Keys<B>) -> Result<Claims, Refusal> {
        let (algorithm, key) = keys.get(kid).ok_or_else(invalid)?;
        let mut validation = Validation::new(*algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[&self.audience]);
        // Below, by a clock that can be moved.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| invalid())?.claims;
        let now = self.clock.epoch_seconds();
        if now > claims.exp + LEEWAY_SECONDS {
            return Err(common(ErrorReason::TokenExpired, "the token has expired"));
        }
        if claims.nbf.is_some_and(|begin| now < begin - LEEWAY_SECONDS) { Err(invalid()) } else { Ok(claims) }
    }
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

fn unavailable() -> Refusal {
    common(ErrorReason::KeysUnavailable, "the keys that tokens are verified with cannot be had now")
}
