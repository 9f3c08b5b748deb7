//! Services in the process of their test: the real server on real sockets.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use orchard_client::CallOptions;
use orchard_db::Db;
use orchard_server::{
    DatabaseOptions, IdentityOptions, LimitOptions, LogFormat, RateOptions, ServeOptions, Server, Slice, TraceOptions,
    slice_server,
};
use orchard_tls::{ListenerTlsOptions, UpstreamTlsOptions};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use uuid::Uuid;

use crate::client::{Client, Headers};
use crate::cluster::free_port;
use crate::database::Schema;
use crate::keys::{AUDIENCE, DevKeys, USER_ISSUER, WORKLOAD_ISSUER};
use crate::statements;

const TOKEN_TTL: Duration = Duration::from_secs(3600);
/// Longest that a service may take to be healthy.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Options of a service on free ports of the loopback, which believes `keys`.
pub fn options(keys: &DevKeys) -> ServeOptions {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    ServeOptions {
        listen: any_port,
        admin_listen: any_port,
        reflection: true,
        workers: 1,
        log_format: LogFormat::Pretty,
        log: "warn".to_owned(),
        zoneinfo: None,
        traces: TraceOptions::default(),
        identity: identity(keys),
        tls: ListenerTlsOptions::default(),
        limits: limits(),
    }
}

/// As whom the service `name` calls others, without TLS.
pub fn calls(keys: &DevKeys, name: &str) -> CallOptions {
    CallOptions { workload_key_file: keys.workload_key_file(name), tls: UpstreamTlsOptions::default() }
}

/// Tokens that `keys` sign are believed.
fn identity(keys: &DevKeys) -> IdentityOptions {
    #[derive(clap::Parser)]
    struct Defaults {
        #[command(flatten)]
        identity: IdentityOptions,
    }
    let files = [("--user-jwks-file", keys.user_jwks_file()), ("--workload-jwks-file", keys.workload_jwks_file())];
    let arguments = files.into_iter().flat_map(|(flag, file)| [flag.into(), file.into_os_string()]);
    let Defaults { identity } = clap::Parser::parse_from(std::iter::once("test".into()).chain(arguments));
    IdentityOptions {
        user_issuer: USER_ISSUER.to_owned(),
        workload_issuer: WORKLOAD_ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        ..identity
    }
}

/// The limits of a service as they are, but for the drain, which nobody watches, and for shares: one user of a test stands for many.
fn limits() -> LimitOptions {
    LimitOptions {
        drain_wait: Duration::ZERO,
        drain_limit: Duration::from_secs(5),
        user_share: 100,
        address_share: 100,
        ..defaults()
    }
}

/// Rates that no test reaches: one user and one address stand for many.
pub fn unlimited() -> RateOptions {
    let many = NonZeroU32::MAX;
    RateOptions { caller_rate: many, caller_burst: many, address_rate: many, address_burst: many, ..defaults() }
}

/// Options of a program that is started without any.
pub fn defaults<T: clap::Args>() -> T {
    #[derive(clap::Parser)]
    struct Started<T: clap::Args> {
        #[command(flatten)]
        options: T,
    }
    <Started<T> as clap::Parser>::parse_from(["test"]).options
}

/// A service that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it serves calls.
    pub address: SocketAddr,
    /// Where it serves health.
    pub admin_address: SocketAddr,
    /// Where it serves browsers, if it does.
    pub web_address: Option<SocketAddr>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts a server and waits until it is healthy.
    pub async fn start(server: Server, options: &ServeOptions) -> anyhow::Result<Self> {
        let running = Self::launch(server, options).await?;
        running.wait_for(ServingStatus::Serving).await?;
        Ok(running)
    }

    /// Starts a server that is perhaps not healthy yet.
    pub async fn launch(server: Server, options: &ServeOptions) -> anyhow::Result<Self> {
        let bound = server.bind(options).await?;
        let (address, admin_address, web_address) = (bound.address(), bound.admin_address(), bound.web_address());
        let stop = CancellationToken::new();
        #[expect(clippy::disallowed_methods, reason = "`stop` awaits it")]
        let task = tokio::spawn(bound.serve(stop.clone().cancelled_owned()));
        Ok(Self { address, admin_address, web_address, stop, task })
    }

    /// Waits until the health service says so.
    pub async fn wait_for(&self, status: ServingStatus) -> anyhow::Result<()> {
        healthy(self.admin_address, status).await
    }

    /// A channel to it.
    pub fn channel(&self) -> anyhow::Result<Channel> {
        channel(self.address)
    }

    /// Asks it to stop and waits until it has drained.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}

/// An address that was free a moment ago, for a server that is started again there, or by another process.
pub fn free_address() -> SocketAddr {
    loop {
        if let Ok(port) = free_port() {
            return (Ipv4Addr::LOCALHOST, port).into();
        }
    }
}

/// Waits until the health service at `admin` says so.
pub async fn healthy(admin: SocketAddr, status: ServingStatus) -> anyhow::Result<()> {
    let deadline = Instant::now() + START_LIMIT;
    let wait = async {
        loop {
            // A process that is just starting refuses the connection; watching begins once it does not.
            let Ok(answer) = HealthClient::new(channel(admin)?).watch(HealthCheckRequest::default()).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let mut updates = answer.into_inner();
            while let Ok(Some(update)) = updates.message().await {
                if update.status() == status.into() {
                    return anyhow::Ok(());
                }
            }
        }
    };
    timeout_at(deadline, wait).await.with_context(|| format!("{admin} did not become {status:?}"))?
}

/// A channel that connects when first used.
pub fn channel(address: SocketAddr) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://{address}"))?.connect_lazy())
}

/// A slice over a schema of its own.
#[derive(Debug)]
pub struct SliceUnderTest {
    /// Its schema.
    pub schema: Schema,
    /// Whom it believes.
    pub keys: Arc<DevKeys>,
    /// The server.
    pub running: Running,
    channel: Channel,
}

impl SliceUnderTest {
    /// Migrates and starts a slice on the shared test server.
    pub async fn start<S: Slice>(settings: &S::Settings) -> anyhow::Result<Self> {
        Self::start_in::<S>(settings, Schema::create().await?, Arc::new(DevKeys::ephemeral()?)).await
    }

    /// Migrates and starts a slice in a given schema.
    pub async fn start_in<S: Slice>(settings: &S::Settings, schema: Schema, keys: Arc<DevKeys>) -> anyhow::Result<Self> {
        Self::start_at::<S>(settings, schema, keys, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Migrates and starts a slice in a given schema, which listens at a given address.
    pub async fn start_at<S: Slice>(
        settings: &S::Settings,
        schema: Schema,
        keys: Arc<DevKeys>,
        listen: SocketAddr,
    ) -> anyhow::Result<Self> {
        schema.migrate(S::migrations()).await?;
        orchard_db::inspect(statements::must_be_portable);
        let database = DatabaseOptions::for_url(schema.url(), 8);
        let db = Db::new(database.url()?, database.database_connections.into(), &database.limits())?;
        let options = ServeOptions { listen, ..options(&keys) };
        let running = Running::start(slice_server::<S>(&db, settings, &options)?, &options).await?;
        let channel = running.channel()?;
        Ok(Self { schema, keys, running, channel })
    }

    /// A caller with these headers.
    pub fn with(&self, headers: Headers) -> Client {
        headers.on(self.channel.clone())
    }

    /// A user.
    pub fn user(&self, user: Uuid) -> anyhow::Result<Client> {
        self.user_with(user, &[])
    }

    /// A user with roles.
    pub fn user_with(&self, user: Uuid, roles: &[&str]) -> anyhow::Result<Client> {
        Ok(self.with(Headers::bearer(&self.keys.user_token(user, roles, TOKEN_TTL)?)?))
    }

    /// A service.
    pub fn service(&self, name: &str) -> anyhow::Result<Client> {
        Ok(self.with(Headers::bearer(&self.keys.workload_token(name, TOKEN_TTL)?)?))
    }
}
