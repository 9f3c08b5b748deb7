//! The command line of a service, and the commands behind it.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use futures::FutureExt as _;
use orchard_db::{Db, NotMigrated, migrate, require_migrated};

use crate::ask::{self, HealthOptions};
use crate::limits::SETTLE;
use crate::options::{DatabaseOptions, ServeOptions};
use crate::process::{exit, run, single_threaded, stop_signal};
use crate::server::Server;
use crate::slice::{Slice, slice_server};
use crate::token_keys::TokenKeyOptions;

/// The commands of a slice.
#[derive(Debug, Subcommand)]
pub enum SliceCommand<S: Slice> {
    /// Serve calls until SIGTERM or SIGINT. Requires a migrated database and never migrates it
    Serve(Box<Serve<S>>),
    /// Apply missing migrations and exit. Safe to run from several places at once
    Migrate(DatabaseOptions),
    /// Ask the running service for its health. Exits with 0 if it is SERVING
    Health(HealthOptions),
}

/// The options of a slice's `serve` command.
#[derive(Debug, Args)]
pub struct Serve<S: Slice> {
    #[command(flatten)]
    serve: ServeOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    token_keys: TokenKeyOptions,
    #[command(flatten)]
    settings: S::Settings,
}

impl<S: Slice> SliceCommand<S> {
    /// Runs the command until it ends: `serve` ends at a signal.
    pub fn run(self) -> ExitCode {
        let result = match self {
            Self::Serve(options) => serve_slice::<S>(&options),
            Self::Migrate(database) => migrate_slice::<S>(&database),
            Self::Health(options) => ask::run(&options),
        };
        exit(S::NAME, result)
    }
}

/// Serves a service without a database until a signal: the end of its `main`.
pub fn run_to_end(name: &str, options: &ServeOptions, server: impl Future<Output = anyhow::Result<Server>>) -> ExitCode {
    let result = run(name, options, async {
        let stop = stop_signal()?;
        let bound = server.await?.bind(options).await?;
        bound.serve(stop).await;
        Ok(())
    });
    exit(name, result)
}

/// Runs the `health` command of a service without a database: the end of its `main`.
pub fn health_to_end(name: &str, options: &HealthOptions) -> ExitCode {
    exit(name, ask::run(options))
}

/// Runs a command on a slice's migrated database, and prints the line that it returns: the end of its `main`.
pub fn work_to_end<S, F>(options: &DatabaseOptions, work: impl FnOnce(Db) -> F) -> ExitCode
where
    S: Slice,
    F: Future<Output = anyhow::Result<String>>,
{
    exit(S::NAME, on_database::<S, F>(options, work))
}

fn on_database<S, F>(options: &DatabaseOptions, work: impl FnOnce(Db) -> F) -> anyhow::Result<()>
where
    S: Slice,
    F: Future<Output = anyhow::Result<String>>,
{
    let done = single_threaded()?.block_on(async {
        let stop = stop_signal()?;
        let db = Db::new(options.url()?, options.database_connections.into(), &options.limits())?;
        require_migrated(&db, S::migrations()).await?;
        tokio::select! {
            done = work(db) => done,
            () = stop => anyhow::bail!("stopped by a signal; what is committed stays"),
        }
    })?;
    eprintln!("{}: {done}", S::NAME);
    Ok(())
}

fn migrate_slice<S: Slice>(database: &DatabaseOptions) -> anyhow::Result<()> {
    let url = database.url()?;
    let runtime = single_threaded()?;
    let applied = runtime.block_on(async {
        let stop = stop_signal()?;
        let migrating = tokio::task::spawn_blocking(move || migrate(&url, S::migrations()));
        tokio::select! {
            applied = migrating => Ok(applied??),
            () = stop => anyhow::bail!("stopped by a signal; the migration in progress is rolled back"),
        }
    });
    // PostgreSQL rolls back what is not committed, so nothing has to be waited for.
    runtime.shutdown_background();
    let applied = applied?;
    match applied.as_slice() {
        [] => eprintln!("{}: nothing to migrate", S::NAME),
        names => eprintln!("{}: applied {}", S::NAME, names.join(", ")),
    }
    Ok(())
}

fn serve_slice<S: Slice>(options: &Serve<S>) -> anyhow::Result<()> {
    run(S::NAME, &options.serve, async {
        // Before anything else: the first process of a container ignores signals that it has no handler for.
        let stop = stop_signal()?;
        let db = Db::new(options.database.url()?, options.database.database_connections.into(), &options.database.limits())?;
        let keep_keys = options.token_keys.install()?;
        let mut server = slice_server::<S>(&db, &options.settings, &options.serve)?;
        server.background.push(keep_keys.map(|never| match never {}).boxed());
        let bound = server.bind(&options.serve).await?;
        match require_migrated(&db, S::migrations()).await {
            Ok(()) => {}
            Err(pending @ NotMigrated::Pending { .. }) => return Err(pending.into()),
            // Not fatal: the database may be back before this process could be restarted.
            Err(NotMigrated::Unknown(cause)) => tracing::warn!(%cause, "starting without the database"),
        }
        bound.serve(stop).await;
        // All calls have ended. Units of work that they began end by PostgreSQL's limits; without PostgreSQL they are rolled back.
        if tokio::time::timeout(SETTLE, db.settle()).await.is_err() {
            tracing::warn!("stopping with units of work still running");
        }
        Ok(())
    })
}
