//! A schema of its own for each test; the URL carries it, so that what is tested knows nothing of tests.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use orchard_db::Migrations;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::cluster;

/// An empty schema of the server for tests.
#[derive(Debug, Clone)]
pub struct Schema {
    name: String,
    url: String,
}

impl Schema {
    /// A new schema on the server that all tests share.
    pub async fn create() -> anyhow::Result<Self> {
        let server = tokio::task::spawn_blocking(cluster::shared).await?.map_err(|error| anyhow::anyhow!("{error}"))?;
        Self::create_on(server).await
    }

    /// A new schema on a server of the test's own, known by a superuser's URL.
    pub async fn create_on(server: &str) -> anyhow::Result<Self> {
        let client = connect(server).await?;
        let name = format!("test_{}", Uuid::new_v4().simple());
        // Tests start together, and creating an extension twice at once fails for one of them in spite of IF NOT EXISTS. One batch is
        // one transaction, and the lock goes with its commit: released before that, it would let the next one in too early.
        let extensions = "SELECT pg_advisory_xact_lock(7);
            CREATE SCHEMA IF NOT EXISTS extensions;
            CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA extensions;
            CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extensions;
            CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA extensions;";
        client.batch_execute(extensions).await.context("cannot create the extensions")?;
        client.batch_execute(&format!("CREATE SCHEMA {name}")).await?;
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}application_name={name}&options=-csearch_path%3D{name}%2Cextensions");
        Ok(Self { name, url })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of the server with this schema as the first of its search path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its server listens.
    pub fn server(&self) -> anyhow::Result<SocketAddr> {
        let address = self.url.split_once('@').and_then(|(_, rest)| rest.split_once('/')).context("a URL with an address")?.0;
        Ok(address.parse()?)
    }

    /// The same schema, reached at another address.
    pub fn through(&self, address: SocketAddr) -> anyhow::Result<Self> {
        let (old, new) = (self.server()?.to_string(), address.to_string());
        Ok(Self { name: self.name.clone(), url: self.url.replacen(&old, &new, 1) })
    }

    /// Sessions of services in this schema that are in a transaction.
    pub async fn open_transactions(&self) -> anyhow::Result<i64> {
        let client = self.connect().await?;
        let query = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = $1 AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
        Ok(client.query_one(query, &[&self.name]).await?.get(0))
    }

    /// Waits until a query returns this number. The database tells nobody that a row has changed, so it is asked again and again.
    pub async fn until(&self, query: &str, expected: i64) -> anyhow::Result<()> {
        let client = self.connect().await?;
        let wait = async {
            while client.query_one(query, &[]).await?.get::<_, i64>(0) != expected {
                sleep(Duration::from_millis(10)).await;
            }
            anyhow::Ok(())
        };
        timeout(Duration::from_secs(180), wait).await.with_context(|| format!("{query} is not {expected}"))?
    }

    /// Returns the tables in which one of these texts occurs, in any column and case, also as bytes.
    pub async fn tables_with(&self, texts: &[String]) -> anyhow::Result<Vec<String>> {
        let client = self.connect().await?;
        let tables = "SELECT table_name::text FROM information_schema.tables
            WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
        // A row as text shows bytes in hexadecimal.
        let hex = |text: &String| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let patterns: Vec<String> =
            texts.iter().flat_map(|text| [text.clone(), hex(text)]).map(|text| format!("%{text}%")).collect();
        let mut found_in = Vec::new();
        for table in client.query(tables, &[]).await? {
            let table: String = table.get(0);
            let found = format!("SELECT count(*) FROM {table} AS t WHERE t::text ILIKE ANY ($1)");
            if client.query_one(&found, &[&patterns]).await?.get::<_, i64>(0) > 0 {
                found_in.push(table);
            }
        }
        Ok(found_in)
    }

    /// A connection past the service, to look at rows.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        connect(&self.url).await
    }

    /// Applies migrations.
    pub async fn migrate(&self, migrations: Migrations) -> anyhow::Result<Vec<String>> {
        let url = self.url.parse()?;
        Ok(tokio::task::spawn_blocking(move || orchard_db::migrate(&url, migrations)).await??)
    }
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("cannot connect to the test server")?;
    #[expect(clippy::disallowed_methods, reason = "ends with the client; a broken connection shows at its next query")]
    tokio::spawn(connection);
    Ok(client)
}
