//! A service with replicas, and its caller.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use orchard_client::{Authorized, Builder, Resolve, Upstream, Workload};
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::common;
use orchard_testkit::keys::{AUDIENCE, DevKeys, WORKLOAD_ISSUER};
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use orchard_testkit::probe::pb::{ReadRequest, WriteRequest};
use orchard_testkit::probe::{DESCRIPTORS, Probe};
use orchard_testkit::service::{Running, options};
use tokio::sync::watch;
use tonic::{Code, Request, Status};

pub type Client = ProbeServiceClient<Authorized>;

/// A resolver whose addresses the test sets.
#[derive(Debug)]
pub struct Addresses {
    list: Mutex<Vec<SocketAddr>>,
    /// The number of resolutions.
    pub look_ups: watch::Sender<usize>,
}

impl Addresses {
    pub fn new(addresses: &[SocketAddr]) -> Arc<Self> {
        Arc::new(Self { list: Mutex::new(addresses.to_vec()), look_ups: watch::Sender::new(0) })
    }

    pub fn set(&self, addresses: &[SocketAddr]) {
        *self.list.lock().expect("list") = addresses.to_vec();
    }
}

impl Resolve for Addresses {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let list = self.list.lock().expect("list").clone();
        self.look_ups.send_modify(|look_ups| *look_ups += 1);
        async { Ok(list) }.boxed()
    }
}

/// Counts the calls that reached a probe.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    /// Adds one and returns the previous count.
    pub fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// The keys that all services of a test trust.
pub struct World {
    pub keys: DevKeys,
}

impl World {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { keys: DevKeys::ephemeral()? })
    }

    /// Starts a replica that answers with `call`.
    pub async fn replica<F>(&self, call: impl Fn(Request<String>) -> F + Send + Sync + 'static) -> anyhow::Result<Running>
    where
        F: Future<Output = Result<String, Status>> + Send + 'static,
    {
        self.serve(Probe::new(call)).await
    }

    pub async fn serve(&self, probe: Probe) -> anyhow::Result<Running> {
        Running::start(probe.server(), &options(&self.keys)).await
    }

    /// Starts a replica that counts its calls and echoes their texts.
    pub async fn counting(&self) -> anyhow::Result<(Running, Count)> {
        let count = Count::default();
        let counted = count.clone();
        let answer = move |request: Request<String>| {
            counted.add();
            async { Ok(request.into_inner()) }
        };
        Ok((self.replica(answer).await?, count))
    }

    pub fn builder(&self, url: &str, addresses: &Arc<Addresses>) -> anyhow::Result<Builder> {
        let workload = Workload::open("edge", &self.keys.workload_key_file("edge"), WORKLOAD_ISSUER, AUDIENCE)?;
        let resolver = Arc::clone(addresses) as Arc<dyn Resolve>;
        let upstream = Upstream::builder("probe", url.parse()?, Arc::new(workload));
        Ok(upstream.contracts(DESCRIPTORS).resolver(resolver))
    }

    pub fn upstream(&self, addresses: &Arc<Addresses>) -> anyhow::Result<Upstream> {
        Ok(self.builder("http://probe:50051", addresses)?.build()?)
    }

    /// Returns a caller of the replicas at these addresses.
    pub fn client(&self, addresses: &[SocketAddr]) -> anyhow::Result<Client> {
        self.client_of(&Addresses::new(addresses))
    }

    pub fn client_of(&self, addresses: &Arc<Addresses>) -> anyhow::Result<Client> {
        Ok(ProbeServiceClient::new(self.upstream(addresses)?.as_service()?))
    }
}

pub async fn read(client: &Client, text: &str) -> Result<String, Status> {
    Ok(client.clone().read(ReadRequest { text: text.to_owned() }).await?.into_inner().text)
}

pub async fn write(client: &Client, text: &str) -> Result<String, Status> {
    Ok(client.clone().write(WriteRequest { text: text.to_owned() }).await?.into_inner().text)
}

/// The refusal of calls that the upstream does not answer.
pub fn unavailable() -> (Code, String) {
    (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned())
}

/// A replica's own UNAVAILABLE refusal.
pub fn no_database() -> Status {
    common(ErrorReason::DatabaseUnavailable, "no database").into_status("orchard.test")
}

/// The number of concurrent calls.
const CALLERS: usize = 16;

/// Makes `number` reads and returns the failures.
pub async fn reads(client: &Client, number: usize) -> Vec<Status> {
    let calls = futures::stream::iter((0..number).map(|_| read(client, "")));
    calls.buffer_unordered(CALLERS).filter_map(async |answer| answer.err()).collect().await
}

#[track_caller]
pub fn assert_none(failures: &[Status]) {
    let said: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(said, Vec::<String>::new());
}
