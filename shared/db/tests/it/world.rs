//! Two accounts in a schema of their own.

use std::time::Duration;

use orchard_db::{Connection, Db, Failure, Limits, UnitError};
use orchard_testkit::database::Schema;

/// The error of a slice that refuses nothing.
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
    /// Two accounts with 100 each, and a pool of `connections`.
    pub async fn start(connections: usize) -> anyhow::Result<Self> {
        let schema = Schema::create().await?;
        let tables = "CREATE TABLE accounts (id int PRIMARY KEY, amount int NOT NULL CONSTRAINT accounts_amount_check CHECK (amount >= 0));
            INSERT INTO accounts VALUES (1, 100), (2, 100);
            CREATE TABLE idempotency_keys (caller text, method text, request_id uuid, request_hash bytea, result_ids uuid[],
                PRIMARY KEY (caller, method, request_id));";
        schema.connect().await?.batch_execute(tables).await?;
        // A deadlock is found in 50 ms instead of PostgreSQL's second.
        let url = format!("{}%20-cdeadlock_timeout%3D50ms", schema.url());
        let limits = Limits { statement: Duration::from_millis(500), ..Limits::default() };
        Ok(Self { schema, db: Db::new(url.parse()?, connections, &limits)? })
    }

    /// The amounts of the two accounts, past the pool.
    pub async fn amounts(&self) -> anyhow::Result<(i32, i32)> {
        let client = self.schema.connect().await?;
        let rows = client.query("SELECT amount FROM accounts ORDER BY id", &[]).await?;
        Ok((rows[0].get(0), rows[1].get(0)))
    }
}

pub async fn sql(connection: &mut Connection, sql: &str) -> Result<(), Error> {
    diesel_async::SimpleAsyncConnection::batch_execute(connection, sql).await.map_err(Error::from)
}
