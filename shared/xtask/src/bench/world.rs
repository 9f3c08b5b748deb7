//! What scenarios are run in: a private server with stated data, and the five services as they are deployed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::family::v1::{GetPlanRequest, GetPlanResponse};
use orchard_testkit::cluster::Cluster;
use orchard_testkit::keys::DevKeys;
use tokio::task::JoinSet;
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

use super::calls::{self, Tokens};
use super::data::{self, FAMILIES};
use super::load::Channels;
use super::pgbench::Pgbench;
use super::recording::{self, Statement};
use super::side::{Effort, Meter};
use crate::project::{EDGE, SLICES};
use crate::up::health;
use crate::up::ports::Ports;
use crate::up::provision::{secrets, url_file};
use crate::up::services::Services;

const READY_LIMIT: Duration = Duration::from_secs(30);

/// Everything that a scenario needs.
pub struct World<'a> {
    pub services: &'a mut Services,
    pub keys: &'a DevKeys,
    pub ports: Ports,
    pub tokens: Tokens,
    pub pgbench: Option<Pgbench>,
    pub recorded: Recorded,
    pub meter: Meter,
    pub amount: Amount,
    /// This program, as it was built together with the services.
    pub program: PathBuf,
    /// The family slice's role, as its service connects.
    pub family: Config,
    /// The social slice's.
    pub social: Config,
    /// What PostgreSQL logs.
    pub log: PathBuf,
    /// The superuser, in any database.
    pub admin: Config,
    /// The superuser's session in the services' database.
    pub sql: Client,
    /// Families so far.
    pub families: u64,
    _connections: Connections,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Enough to see that it works.
    Glance,
    /// Minutes.
    Quick,
    /// Enough to believe.
    Full,
}

/// What the services were seen to run, and with what.
#[derive(Debug, Default)]
pub struct Recorded {
    pub get_plan: Option<Statement>,
    pub spend: Vec<Statement>,
    pub spend_entry: String,
    pub spend_request: String,
    pub create_plan: Vec<Statement>,
    pub created_plan: String,
    pub create_request: String,
}

/// Sessions' connections, each served until its session ends.
pub type Connections = JoinSet<Result<(), tokio_postgres::Error>>;

/// Opens a session.
pub async fn connect(config: &Config, connections: &mut Connections) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await.context("cannot connect to PostgreSQL")?;
    connections.spawn(connection);
    Ok(client)
}

impl<'a> World<'a> {
    /// From an empty server to five services that serve.
    pub async fn open(
        cluster: &Cluster,
        services: &'a mut Services,
        keys: &'a DevKeys,
        ports: Ports,
        pgbench: Option<Pgbench>,
        (folder, program, amount): (&Path, PathBuf, Amount),
    ) -> Result<Self> {
        let admin: Config = cluster.url("orchard").parse()?;
        services.migrate().await?;
        let mut connections = Connections::new();
        let sql = connect(&admin, &mut connections).await?;
        data::families(&sql, 1, FAMILIES).await?;
        data::lives(&sql).await?;
        let role = |slice| anyhow::Ok(std::fs::read_to_string(url_file(&secrets(folder), slice))?.trim().parse::<Config>()?);
        let (family, social) = (role("family")?, role("social")?);
        let meter = Meter { postgres: cluster.id().context("PostgreSQL does not run")?, next: 0 };
        let mut world = Self {
            services,
            keys,
            ports,
            tokens: Tokens::sign(keys)?,
            pgbench,
            recorded: Recorded::default(),
            meter,
            amount,
            program,
            family,
            social,
            log: cluster.log(),
            admin,
            sql,
            families: FAMILIES,
            _connections: connections,
        };
        world.record(cluster).await?;
        world.services.start(keys)?;
        for service in SLICES.into_iter().chain([EDGE]) {
            world.ready(service).await?;
        }
        Ok(world)
    }

    /// Has PostgreSQL log what the family service does for one call of each kind.
    async fn record(&mut self, cluster: &Cluster) -> Result<()> {
        self.sql.batch_execute("ALTER ROLE orchard_family SET log_statement = 'all'").await?;
        self.services.start_one("family", self.keys)?;
        self.ready("family").await?;
        let (spend_request, create_request) = (Uuid::new_v4(), Uuid::new_v4());
        let channel = Channels::to(self.ports.of("family")).await?.of(0);
        let mut plans = PlanServiceClient::new(channel.clone());
        let id = data::plan(FAMILIES).to_string();
        let get = GetPlanRequest { family_plan_id: id.clone() };
        let _: GetPlanResponse = plans.get_plan(self.tokens.request(FAMILIES, get)).await?.into_inner();
        let mut wallets = WalletServiceClient::new(channel);
        let spent = wallets.spend(self.tokens.request(FAMILIES, calls::spending(FAMILIES, spend_request))).await?;
        let created = plans.create_plan(self.tokens.request(1, calls::new_plan(create_request))).await?;
        self.services.stop_one("family").await?;
        self.sql.batch_execute("ALTER ROLE orchard_family RESET log_statement").await?;

        let log = std::fs::read(cluster.log()).context("PostgreSQL has no log")?;
        let statements = recording::parse(&String::from_utf8_lossy(&log));
        let (spend_request, create_request) = (spend_request.to_string(), create_request.to_string());
        let transaction = |id: &str| recording::transaction_with(&statements, id).context("a transaction is not in the log");
        self.recorded = Recorded {
            get_plan: recording::with(&statements, &[&id, &data::holder(FAMILIES).to_string()]).cloned(),
            spend: transaction(&spend_request)?,
            spend_entry: spent.into_inner().entry.unwrap_or_default().entry_id,
            create_plan: transaction(&create_request)?,
            created_plan: created.into_inner().plan.unwrap_or_default().family_plan_id,
            spend_request,
            create_request,
        };
        Ok(())
    }

    /// Waits until a service says that it serves.
    pub async fn ready(&mut self, service: &str) -> Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        while let Err(state) = health::ask(self.ports.admin_of(service)).await {
            self.services.all_run()?;
            if Instant::now() > deadline {
                bail!("{service} does not serve: {state:#}; its last lines were:\n{}", self.services.last_lines(service));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// The names and process ids of services.
    pub fn processes<const N: usize>(&self, names: [&'static str; N]) -> Result<Vec<(&'static str, u32)>> {
        let find = |name| Some((name, self.services.id(name)?));
        names.into_iter().map(find).collect::<Option<_>>().context("a service does not run")
    }

    /// Connections to a service.
    pub async fn channels(&self, service: &str) -> Result<Channels> {
        Channels::to(self.ports.of(service)).await
    }

    /// How much to measure where a call costs so many microseconds, roughly.
    pub fn effort(&self, cost: u64) -> Effort {
        let (busy, rounds) = match self.amount {
            Amount::Glance => (100_000, 1),
            Amount::Quick => (1_200_000, 3),
            Amount::Full => (3_000_000, 7),
        };
        Effort { calls: busy / cost, rounds }
    }
}
