//! A service with a database behind it, called over the wire.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use orchard_db::{Db, Failure};
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::WriteRequest;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use orchard_testkit::service::{Running, options};
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

/// What a call does with the database and the text of the request.
pub type Work = fn(Db, String) -> BoxFuture<'static, Result<String, Failure>>;

pub struct Wired {
    pub running: Running,
    token: String,
}

impl Wired {
    pub async fn start(db: &Db, work: Work) -> anyhow::Result<Self> {
        let db = db.clone();
        let probe = Probe::new(move |request: Request<String>| {
            let done = work(db.clone(), request.into_inner());
            done.map(|done| done.map_err(|failure| failure.into_refusal().into_status("orchard.probe")))
        });
        let keys = Arc::new(DevKeys::ephemeral()?);
        let running = Running::start(probe.server(), &options(&keys)).await?;
        Ok(Self { running, token: keys.user_token(Uuid::new_v4(), &[], Duration::from_secs(600))? })
    }

    /// Returns a client that calls over the channel.
    pub fn client(&self, channel: Channel) -> anyhow::Result<ProbeServiceClient<Client>> {
        Ok(ProbeServiceClient::new(Headers::bearer(&self.token)?.on(channel)))
    }

    /// Makes a call.
    pub async fn call(&self, text: &str) -> Result<String, Status> {
        let mut client = self.client(self.running.channel().expect("a channel")).expect("a client");
        Ok(client.write(WriteRequest { text: text.to_owned() }).await?.into_inner().text)
    }
}
