//! Two accounts in a schema of their own.

use std::time::Duration;

use orchard_db::{Connection, Db, Failure, Limits, Migrations, UnitError, migrations};
use orchard_testkit::database::Schema;

/// The error of a slice without rules.
#[derive(Debug)]
pub struct Error(pub Failure);

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

impl UnitError for Error {
    fn failure(&self) -> Option<&Failure> {
        Some(&self.0)
    }
}

pub struct World {
    pub schema: Schema,
    pub db: Db,
}

impl World {
    /// Creates two accounts with 100 each, and a pool of `connections` whose statements time out after half a second.
    pub async fn start(connections: usize) -> anyhow::Result<Self> {
        Self::start_with(connections, Limits { statement: Duration::from_millis(500), ..Limits::default() }).await
    }

    /// Does the same with other limits.
    pub async fn start_with(connections: usize, limits: Limits) -> anyhow::Result<Self> {
        let schema = Schema::create().await?;
        let tables = "CREATE TABLE accounts (id int PRIMARY KEY, amount int NOT NULL CONSTRAINT accounts_amount_check CHECK (amount >= 0));
            INSERT INTO accounts VALUES (1, 100), (2, 100);";
        schema.connect().await?.batch_execute(tables).await?;
        schema.migrate(Migrations::new([migrations::IDEMPOTENCY_KEYS])).await?;
        // Deadlocks are detected in 50 ms instead of PostgreSQL's default of a second.
        let url = format!("{}%20-cdeadlock_timeout%3D50ms", schema.url());
        Ok(Self { schema, db: Db::new(url.parse()?, connections, &limits)? })
    }

    /// Returns the amounts of the two accounts, without using the pool.
    pub async fn amounts(&self) -> anyhow::Result<(i32, i32)> {
        let client = self.schema.connect().await?;
        let rows = client.query("SELECT amount FROM accounts ORDER BY id", &[]).await?;
        Ok((rows[0].get(0), rows[1].get(0)))
    }
}

pub async fn sql(connection: &mut Connection, sql: &str) -> Result<(), Error> {
    diesel_async::SimpleAsyncConnection::batch_execute(connection, sql).await.map_err(Error::from)
}

/// Waits until a session of the schema waits for `what`, such as `PgSleep`, or `transactionid` for a row, and returns its process id.
pub async fn waiting(schema: &Schema, what: &str) -> anyhow::Result<i32> {
    let client = schema.connect().await?;
    let query = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event = $2";
    loop {
        if let Some(row) = client.query_opt(query, &[&schema.name(), &what]).await? {
            return Ok(row.get(0));
        }
        tokio::task::yield_now().await;
    }
}
