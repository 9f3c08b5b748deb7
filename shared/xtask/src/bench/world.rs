//! The environment of the scenarios: a private server with known data, and the services as they are deployed.

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

use super::calls::{self, Clients, Tokens};
use super::data::{self, FAMILIES};
use super::load::Channels;
use super::pgbench::Pgbench;
use super::recording::{self, Statement};
use super::script::Script;
use super::side::{Effort, Meter, Side};
use crate::project::SERVICES;
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
    /// This program.
    pub program: PathBuf,
    /// Connection of the family service.
    pub family: Config,
    /// Connection of the social service.
    pub social: Config,
    /// Connection of the superuser.
    pub admin: Config,
    /// Session of the superuser in the services' database.
    pub sql: Client,
    /// Number of families.
    pub families: u64,
    log: PathBuf,
    _connections: Connections,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// One short round, to see that everything works.
    Glance,
    /// Some minutes.
    Quick,
    /// Enough for figures to be reliable.
    Full,
}

/// The statements that the family service was recorded to run, and the ids in them.
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

/// The tasks that serve sessions.
pub type Connections = JoinSet<Result<(), tokio_postgres::Error>>;

/// Opens a session.
pub async fn connect(config: &Config, connections: &mut Connections) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await.context("cannot connect to PostgreSQL")?;
    connections.spawn(connection);
    Ok(client)
}

impl<'a> World<'a> {
    /// Loads the data and starts the services on an empty server.
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
        world.services.start(keys)?;
        for service in SERVICES {
            world.ready(service).await?;
        }
        world.recorded = world.record_family().await?;
        Ok(world)
    }

    /// Records the statements of one call of each kind.
    async fn record_family(&mut self) -> Result<Recorded> {
        let (id, spend_request, create_request) = (data::plan(FAMILIES).to_string(), Uuid::new_v4(), Uuid::new_v4());
        let get = GetPlanRequest { family_plan_id: id.clone() };
        let (statements, (spent, created)) = self
            .record("family", async |clients| {
                let mut plans = PlanServiceClient::new(clients.channel(0));
                let _: GetPlanResponse = plans.get_plan(clients.request(FAMILIES, get)).await?.into_inner();
                let mut wallets = WalletServiceClient::new(clients.channel(0));
                let spent = wallets.spend(clients.request(FAMILIES, calls::spending(FAMILIES, spend_request))).await?;
                let created = plans.create_plan(clients.request(1, calls::new_plan(create_request))).await?;
                Ok((spent.into_inner(), created.into_inner()))
            })
            .await?;
        let (spend_request, create_request) = (spend_request.to_string(), create_request.to_string());
        let transaction = |id: &str| recording::transaction_with(&statements, id).context("a transaction is not in the log");
        Ok(Recorded {
            get_plan: recording::with(&statements, &[&id, &data::holder(FAMILIES).to_string()]).cloned(),
            spend: transaction(&spend_request)?,
            spend_entry: spent.entry.unwrap_or_default().entry_id,
            create_plan: transaction(&create_request)?,
            created_plan: created.plan.unwrap_or_default().family_plan_id,
            spend_request,
            create_request,
        })
    }

    /// Has PostgreSQL log what a service does for these calls. The service is restarted for that, and again afterwards.
    pub async fn record<T>(
        &mut self,
        slice: &'static str,
        calls: impl AsyncFnOnce(Clients) -> Result<T>,
    ) -> Result<(Vec<Statement>, T)> {
        self.sql.batch_execute(&format!("ALTER ROLE orchard_{slice} SET log_statement = 'all'")).await?;
        self.restart(slice).await?;
        let answers = calls(self.clients(slice).await?).await?;
        self.sql.batch_execute(&format!("ALTER ROLE orchard_{slice} RESET log_statement")).await?;
        self.restart(slice).await?;
        let log = std::fs::read(&self.log).context("PostgreSQL has no log")?;
        Ok((recording::parse(&String::from_utf8_lossy(&log)), answers))
    }

    /// Stops and starts a service, and waits until it serves.
    pub async fn restart(&mut self, service: &'static str) -> Result<()> {
        self.services.stop_one(service).await?;
        self.services.start_one(service, self.keys)?;
        self.ready(service).await
    }

    /// Waits until a service is healthy.
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

    /// Returns the names and process ids of services.
    pub fn processes<const N: usize>(&self, names: [&'static str; N]) -> Result<Vec<(&'static str, u32)>> {
        let find = |name| Some((name, self.services.id(name)?));
        names.into_iter().map(find).collect::<Option<_>>().context("a service does not run")
    }

    /// Connects to a service.
    pub async fn clients(&self, service: &str) -> Result<Clients> {
        Ok(Clients { channels: Channels::to(self.ports.of(service)).await?, tokens: self.tokens.clone() })
    }

    /// Returns a side of statements, if there is a pgbench to run them.
    pub fn script(&self, name: &'static str, database: &Config, script: Script) -> Option<Side> {
        Some(Side::script(name, self.pgbench.clone()?, database, script))
    }

    /// Returns how much to measure if a call costs about this many microseconds.
    pub fn effort(&self, cost: u64) -> Effort {
        let (busy, rounds) = match self.amount {
            Amount::Glance => (100_000, 1),
            Amount::Quick => (1_200_000, 3),
            Amount::Full => (3_000_000, 7),
        };
        Effort { calls: busy / cost, rounds }
    }
}
