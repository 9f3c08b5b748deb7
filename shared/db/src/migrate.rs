//! Applying migrations, which a command does under a lock, and checking them, which a server does.

mod one_by_one;
pub(crate) mod script;

use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use diesel_migrations::MigrationHarness as _;

use crate::answers::Era;
use crate::connect::{ConnectionUrl, establish};
use crate::db::Db;
use crate::failure::Failure;
use crate::migrations::Migrations;
use crate::session::Session;

use one_by_one::OneByOne;

/// Why migrations were not applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be reached or refuses the role.
    #[error("cannot connect to the database")]
    Connect(#[from] diesel::ConnectionError),
    /// A statement failed, and its migration was rolled back.
    #[error("a migration failed: {0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
    /// No thread or runtime can be started.
    #[error("cannot start a runtime")]
    Runtime(#[from] std::io::Error),
}

/// Why a database cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum NotMigrated {
    /// Migrations that this program needs are not applied.
    #[error("the database lacks {} migration(s), the first is {first}: run `migrate`", .count)]
    Pending {
        /// How many.
        count: usize,
        /// Version of the first.
        first: String,
    },
    /// The database cannot be asked.
    #[error(transparent)]
    Unknown(#[from] Failure),
}

/// Applies the missing migrations and returns their versions. If several processes call it at once, one migrates while the others wait.
///
/// Blocks the calling thread and must not be called within an async task.
pub fn migrate(url: &ConnectionUrl, migrations: Migrations) -> Result<Vec<String>, MigrateError> {
    // The harness blocks in place, which only a multi-threaded runtime allows.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let Session { mut connection, .. } = establish(&url.unlimited(), &Era::default()).await?;
        // Held until the connection ends. The schema's name is part of the lock, because slices share a database.
        connection
            .batch_execute("SELECT pg_advisory_lock(hashtextextended('orchard migrate ' || current_schema(), 0))")
            .await
            .map_err(|error| MigrateError::Failed(error.into()))?;
        let mut harness = AsyncMigrationHarness::new(OneByOne(connection));
        let applied = harness.run_pending_migrations(migrations).map_err(MigrateError::Failed)?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> VarChar,
    }
}

/// Checks that all migrations of this program are applied. There may be more: a newer release may be rolling out.
pub async fn require_migrated(db: &Db, migrations: Migrations) -> Result<(), NotMigrated> {
    let known = versions(migrations)?;
    let applied = applied(&mut *db.connection().await?).await.map_err(Failure::from)?;
    let pending: Vec<_> = known.into_iter().filter(|version| !applied.contains(version)).collect();
    match pending.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(NotMigrated::Pending { count: pending.len(), first: first.clone() }),
    }
}

fn versions(migrations: Migrations) -> Result<Vec<String>, Failure> {
    let known: Vec<Box<dyn Migration<Pg>>> = migrations.migrations().map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(known.iter().map(|migration| migration.name().version().to_string()).collect())
}

async fn applied(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let exists = diesel::dsl::sql::<diesel::sql_types::Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL");
    if diesel::select(exists).get_result::<bool>(connection).await? {
        __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(connection).await
    } else {
        Ok(Vec::new())
    }
}
