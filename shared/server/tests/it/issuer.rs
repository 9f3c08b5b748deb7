//! An issuer of users' tokens whose keys change, and a service that trusts it.

use std::time::Duration;

use orchard_server::{Clock, IdentityOptions, JwksUrl};
use orchard_testkit::answer::refused;
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::jwks::{KeyServer, Reply};
use orchard_testkit::keys::{AUDIENCE, DevKeys, Signer, USER_ISSUER};
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use orchard_testkit::service::{Running, channel, options};
use serde_json::{Value, json};
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::world::read;

/// A refresh period that makes tests fast.
pub const OFTEN: Duration = Duration::from_millis(40);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// A key that signs users' tokens, and its id.
pub struct Key {
    keys: DevKeys,
    id: &'static str,
}

impl Key {
    pub fn new(id: &'static str) -> anyhow::Result<Self> {
        Ok(Self { keys: DevKeys::ephemeral()?, id })
    }

    fn jwk(&self) -> Value {
        let mut jwk = self.keys.user_jwks()["keys"][0].clone();
        jwk["kid"] = json!(self.id);
        jwk
    }

    /// Returns a new user's token, valid for two days.
    pub fn token(&self) -> anyhow::Result<String> {
        self.token_for(2 * DAY)
    }

    pub fn token_for(&self, ttl: Duration) -> anyhow::Result<String> {
        let now = std::time::UNIX_EPOCH.elapsed()?;
        let subject = Uuid::new_v4().to_string();
        let claims = json!({ "iss": USER_ISSUER, "aud": AUDIENCE, "sub": subject, "exp": (now + ttl).as_secs() });
        self.keys.sign_raw(Signer::Users, &json!({ "alg": "EdDSA", "kid": self.id }), &claims)
    }
}

pub fn jwks(keys: &[&Key]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

pub fn replies(keys: &[&Key]) -> Reply {
    Reply::keys(&jwks(keys))
}

pub fn url(server: &KeyServer) -> anyhow::Result<JwksUrl> {
    Ok(format!("http://{}/keys", server.address).parse()?)
}

/// A service that trusts an issuer, and its clock.
pub struct Service {
    pub running: Running,
    pub clock: Clock,
    /// Owns the key files that the service reads by default.
    _keys: DevKeys,
}

impl Service {
    /// Starts a service without waiting until it is ready.
    pub async fn launch(change: impl FnOnce(&mut IdentityOptions)) -> anyhow::Result<Self> {
        let keys = DevKeys::ephemeral()?;
        let mut options = options(&keys);
        change(&mut options.identity);
        let clock = options.identity.clock.clone();
        let probe = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) });
        Ok(Self { running: Running::launch(probe.server(), &options).await?, clock, _keys: keys })
    }

    pub async fn start(change: impl FnOnce(&mut IdentityOptions)) -> anyhow::Result<Self> {
        let service = Self::launch(change).await?;
        service.running.wait_for(tonic_health::ServingStatus::Serving).await?;
        Ok(service)
    }

    /// Starts a service that fetches the users' keys from `server`.
    pub async fn of(server: &KeyServer, refresh: Duration) -> anyhow::Result<Self> {
        let url = url(server)?;
        Self::start(|identity| at(identity, url, refresh)).await
    }

    pub fn client(&self, token: &str) -> anyhow::Result<ProbeServiceClient<Client>> {
        Ok(ProbeServiceClient::new(Headers::bearer(token)?.on(channel(self.running.address)?)))
    }

    pub async fn call(&self, token: &str) -> Result<String, Status> {
        read(&mut self.client(token).expect("a client"), "hello").await
    }

    /// Returns whether a new token signed by the key is accepted.
    pub async fn accepts(&self, key: &Key) -> anyhow::Result<bool> {
        Ok(self.call(&key.token()?).await.is_ok())
    }

    /// Waits until the token is refused and returns the reason.
    pub async fn refuses(&self, token: &str) -> anyhow::Result<(Code, String)> {
        let refused = async {
            loop {
                if let Err(status) = self.call(token).await {
                    return refused::<()>(Err(status));
                }
            }
        };
        Ok(tokio::time::timeout(Duration::from_secs(20), refused).await?)
    }
}

pub fn at(identity: &mut IdentityOptions, url: JwksUrl, refresh: Duration) {
    identity.user_jwks_file = None;
    identity.user_jwks_url = Some(url);
    identity.jwks_refresh = refresh;
}

pub fn invalid() -> (Code, String) {
    (Code::Unauthenticated, "TOKEN_INVALID".to_owned())
}

pub fn unavailable() -> (Code, String) {
    (Code::Unavailable, "KEYS_UNAVAILABLE".to_owned())
}
