//! Verifies bearer tokens with the keys of two issuers.

use anyhow::{Context as _, bail};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::Validation;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, USER_TOKEN, common};
use serde::Deserialize;

use super::cache::digest;
use super::caller::{Caller, User};
use super::clock::Clock;
use super::keyring::{KeyError, Keyring};
use super::keys::Keys;
use super::options::IdentityOptions;
use super::source::Source;
use super::subject::{Claims, ServiceSubject, Subject, UserSubject};

/// The tolerated difference between the clocks of two machines.
const LEEWAY_SECONDS: f64 = 5.0;
/// The longest token that is read.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Verifies tokens of users and of services. Each kind has an issuer and keys of its own, so neither issuer can name the other's
/// subjects.
#[derive(Debug)]
pub(crate) struct Verifier {
    users: Issuer<UserSubject>,
    services: Issuer<ServiceSubject>,
}

#[derive(Debug)]
struct Issuer<S> {
    name: String,
    audience: String,
    clock: Clock,
    ring: Keyring<S>,
}

#[derive(Deserialize)]
struct IssuerClaim {
    iss: String,
}

impl Verifier {
    pub(crate) async fn load(options: &IdentityOptions) -> anyhow::Result<Self> {
        if options.user_issuer == options.workload_issuer {
            bail!("--user-issuer and --workload-issuer must differ: both are {}", options.user_issuer);
        }
        if options.jwks_stale_limit <= options.jwks_refresh {
            bail!("keys would expire before they are read again: --jwks-stale-limit must be longer than --jwks-refresh");
        }
        let users = Source::new(options.user_jwks_file.as_ref(), options.user_jwks_url.as_ref(), options);
        let services = Source::new(options.workload_jwks_file.as_ref(), options.workload_jwks_url.as_ref(), options);
        Ok(Self {
            users: Issuer::open(&options.user_issuer, users.context("users' keys")?, options).await?,
            services: Issuer::open(&options.workload_issuer, services.context("services' keys")?, options).await?,
        })
    }

    /// Keeps the keys up to date until dropped.
    pub(crate) async fn keep(&self) {
        tokio::join!(self.users.ring.keep(), self.services.ring.keep());
    }

    /// Sets the gauges of the keys' ages.
    pub(crate) fn set_gauges(&self) {
        self.users.ring.set_gauge();
        self.services.ring.set_gauge();
    }

    /// Returns an error while tokens cannot be verified.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        self.users.ring.ready().await?;
        self.services.ring.ready().await
    }

    /// Returns the caller whose tokens are in the headers.
    pub(crate) async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = bearer(headers, AUTHORIZATION.as_str())?;
        let token = token.ok_or_else(|| common(ErrorReason::TokenMissing, "the method needs a bearer token"))?;
        let user_token = bearer(headers, USER_TOKEN)?;
        let claim: IssuerClaim = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| invalid())?;
        if claim.iss == self.services.name {
            let ServiceSubject(service) = self.services.verify(token).await?;
            let user = match user_token {
                Some(token) => Some(self.user(token).await?),
                None => None,
            };
            return Ok(Caller { user, service: Some(service) });
        }
        // Only services act on behalf of users. A foreign issuer must not make keys be read again.
        if user_token.is_some() || claim.iss != self.users.name {
            return Err(invalid());
        }
        Ok(Caller { user: Some(self.user(token).await?), service: None })
    }

    async fn user(&self, token: &str) -> Result<User, Refusal> {
        let UserSubject { id, roles } = self.users.verify(token).await?;
        Ok(User { id, roles, token: token.to_owned() })
    }
}

impl<S: Subject> Issuer<S> {
    async fn open(name: &str, source: Source, options: &IdentityOptions) -> anyhow::Result<Self> {
        let ring = Keyring::open(name, source, options).await?;
        Ok(Self { name: name.to_owned(), audience: options.audience.clone(), clock: options.clock.clone(), ring })
    }

    async fn verify(&self, token: &str) -> Result<S, Refusal> {
        let (digest, now) = (digest(token), self.clock.epoch_seconds());
        let keys = self.ring.current().ok_or_else(unavailable)?;
        if let Some(subject) = keys.verified.get(&digest, now) {
            return Ok(subject);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        // What the issuer calls critical is not understood here (RFC 7515, 4.1.11).
        let kid = header.kid.filter(|_| header.crit.is_none()).ok_or_else(invalid)?;
        let keys = self.ring.with(&kid).await.map_err(|error| match error {
            KeyError::Unknown => invalid(),
            KeyError::Unavailable => unavailable(),
        })?;
        let claims = self.check(token, &kid, &keys)?;
        let subject = S::read(&kid, &claims).ok_or_else(invalid)?;
        keys.verified.insert(digest, claims.exp, subject.clone());
        Ok(subject)
    }

    /// Returns the claims of a token that the key `kid` has signed, if they are valid here and now.
    fn check(&self, token: &str, kid: &str, keys: &Keys<S>) -> Result<Claims, Refusal> {
        let (algorithm, key) = keys.get(kid).ok_or_else(invalid)?;
        let mut validation = Validation::new(*algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[&self.audience]);
        // Checked below, with a clock that tests can advance.
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

/// The refusal of every invalid token, whatever is wrong with it, so that callers cannot probe for the reason.
fn invalid() -> Refusal {
    common(ErrorReason::TokenInvalid, "the service does not accept the token")
}

fn unavailable() -> Refusal {
    common(ErrorReason::KeysUnavailable, "the keys that verify tokens are not available now")
}
