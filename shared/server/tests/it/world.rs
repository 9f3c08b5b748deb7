//! A probe and its callers.

use std::sync::Arc;
use std::time::Duration;

use orchard_server::{LimitOptions, ServeOptions};
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use orchard_testkit::probe::pb::{ReadRequest, WatchRequest};
use orchard_testkit::raw::Raw;
use orchard_testkit::service::{Running, channel, options};
use tokio::sync::Semaphore;
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

pub struct World {
    pub running: Running,
    pub token: String,
    /// Owns the key files that the service reads.
    pub keys: DevKeys,
}

impl World {
    pub async fn start(probe: Probe) -> anyhow::Result<Self> {
        Self::with(probe, |_| ()).await
    }

    /// Starts a service with changed limits.
    pub async fn with(probe: Probe, change: impl FnOnce(&mut LimitOptions)) -> anyhow::Result<Self> {
        Self::configured(probe, |options| change(&mut options.limits)).await
    }

    /// Starts a service with changed options.
    pub async fn configured(probe: Probe, change: impl FnOnce(&mut ServeOptions)) -> anyhow::Result<Self> {
        let keys = DevKeys::ephemeral()?;
        let mut options = options(&keys);
        change(&mut options);
        let running = Running::start(probe.server(), &options).await?;
        Ok(Self { running, token: keys.user_token(Uuid::new_v4(), &[], Duration::from_secs(600))?, keys })
    }

    /// Returns another user's token.
    pub fn other_token(&self) -> anyhow::Result<String> {
        self.keys.user_token(Uuid::new_v4(), &[], Duration::from_secs(600))
    }

    /// Returns a user's client, with its own connection.
    pub fn client(&self) -> anyhow::Result<ProbeServiceClient<Client>> {
        self.client_of(&self.token)
    }

    /// Returns a client of the token's user, with its own connection.
    pub fn client_of(&self, token: &str) -> anyhow::Result<ProbeServiceClient<Client>> {
        Ok(ProbeServiceClient::new(Headers::bearer(token)?.on(channel(self.running.address)?)))
    }

    /// Returns the user's connection whose frames a test chooses.
    pub async fn raw(&self) -> anyhow::Result<Raw> {
        Raw::open(self.running.address, &self.token).await
    }

    pub async fn read(&self, text: &str) -> Result<String, Status> {
        read(&mut self.client().expect("a client"), text).await
    }
}

pub async fn read(client: &mut ProbeServiceClient<Client>, text: &str) -> Result<String, Status> {
    Ok(client.read(ReadRequest { text: text.to_owned() }).await?.into_inner().text)
}

pub async fn watch(
    client: &mut ProbeServiceClient<Client>,
) -> Result<Streaming<orchard_testkit::probe::pb::WatchResponse>, Status> {
    Ok(client.watch(WatchRequest::default()).await?.into_inner())
}

/// Returns a request with a deadline.
pub fn within<T>(limit: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

/// Holds calls until their test lets them go on, and tells the test when they have begun.
#[derive(Clone)]
pub struct Gate {
    pub begun: Arc<Semaphore>,
    pub open: Arc<Semaphore>,
}

impl Gate {
    pub fn new() -> Self {
        Self { begun: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }

    /// Returns a probe whose calls wait if the request's text is `wait`.
    pub fn probe(&self) -> Probe {
        let gate = self.clone();
        Probe::new(move |request: Request<String>| {
            let gate = gate.clone();
            async move {
                if request.get_ref() == "wait" {
                    gate.pass().await;
                }
                Ok(request.into_inner())
            }
        })
    }

    pub async fn pass(&self) {
        self.begun.add_permits(1);
        self.open.acquire().await.expect("a gate").forget();
    }

    /// Waits until `calls` calls are waiting.
    pub async fn waited_for(&self, calls: u32) {
        self.begun.acquire_many(calls).await.expect("a gate").forget();
    }
}
