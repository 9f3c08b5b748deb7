//! The command line of a service.

use std::ffi::OsString;
use std::fmt::Debug;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use orchard_db::idempotency::keep_swept;
use orchard_db::{Db, Failure, Migrations, NotMigrated, migrate, require_migrated};
use orchard_proto::DESCRIPTORS;
use tokio::signal::unix::{SignalKind, signal};
use tonic::service::RoutesBuilder;

use crate::{DatabaseOptions, HealthOptions, ServeOptions, Server, ask, telemetry};

/// A service that owns a slice of the schema.
pub trait Slice: 'static {
    /// Such as `family`.
    const NAME: &'static str;
    /// What it does, in a line of `--help`.
    const ABOUT: &'static str;
    /// Its own package, such as `orchard.family.v1`.
    const PACKAGE: &'static str;
    /// Its own settings, beside those that every service has.
    type Settings: Args + Clone + Debug + Send + Sync;

    /// The migrations of its tables: its own, and those of the shared crates that it uses.
    fn migrations() -> Migrations;

    /// What it consists of, over `db`.
    fn parts(db: &Db, settings: &Self::Settings, options: &ServeOptions) -> anyhow::Result<Parts>;
}

/// What a slice consists of.
pub struct Parts {
    /// Its gRPC services.
    pub routes: RoutesBuilder,
    /// Those of them that are not of its own package, by their full names.
    pub shared: Vec<&'static str>,
    /// What it does unasked while it serves.
    pub background: Vec<BoxFuture<'static, ()>>,
}

impl Parts {
    /// Of a slice that serves its own package, and does nothing unasked.
    pub fn of(routes: RoutesBuilder) -> Self {
        Self { routes, shared: Vec::new(), background: Vec::new() }
    }
}

/// What units of work get to end that calls have begun: about as long as a statement may take.
pub(crate) const SETTLE: Duration = Duration::from_secs(5);

#[derive(Debug, Parser)]
#[command(version)]
struct Cli<S: Args> {
    #[command(subcommand)]
    command: Command<S>,
}

#[derive(Debug, Subcommand)]
enum Command<S: Args> {
    /// Serves calls until SIGTERM or SIGINT. The database must be migrated; this command never migrates
    Serve(Box<Serve<S>>),
    /// Applies missing migrations and ends. Any number may run at once
    Migrate(DatabaseOptions),
    /// Asks the service beside it for its health; the exit status is 0 when it is SERVING
    Health(HealthOptions),
}

#[derive(Debug, Args)]
struct Serve<S: Args> {
    #[command(flatten)]
    serve: ServeOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    settings: S,
}

/// The `main` of a slice's program.
pub fn slice_main<S: Slice>() -> ExitCode {
    slice_main_from::<S>(std::env::args_os())
}

/// The same with other arguments than the process has, the first of them the program's name.
pub fn slice_main_from<S: Slice>(arguments: impl IntoIterator<Item: Into<OsString> + Clone>) -> ExitCode {
    let matches = slice_command::<S>().get_matches_from(arguments);
    let result = match Cli::<S::Settings>::from_arg_matches(&matches) {
        Ok(Cli { command: Command::Serve(options) }) => serve::<S>(&options),
        Ok(Cli { command: Command::Migrate(database) }) => apply::<S>(&database),
        Ok(Cli { command: Command::Health(options) }) => ask::run(&options),
        Err(error) => error.exit(),
    };
    exit(S::NAME, result)
}

/// The command line of a slice's program.
pub fn slice_command<S: Slice>() -> clap::Command {
    Cli::<S::Settings>::command().name(S::NAME).about(S::ABOUT)
}

fn exit(name: &str, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn apply<S: Slice>(database: &DatabaseOptions) -> anyhow::Result<()> {
    let url = database.url()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    let applied = runtime.block_on(async {
        let stop = stop_signal()?;
        let migrating = tokio::task::spawn_blocking(move || migrate(&url, S::migrations()));
        tokio::select! {
            applied = migrating => Ok(applied??),
            () = stop => anyhow::bail!("stopped by a signal; a migration that was under way is undone"),
        }
    });
    // PostgreSQL undoes what nobody commits; nothing is waited for.
    runtime.shutdown_background();
    let applied = applied?;
    match applied.as_slice() {
        [] => eprintln!("{}: nothing to migrate", S::NAME),
        names => eprintln!("{}: applied {}", S::NAME, names.join(", ")),
    }
    Ok(())
}

fn serve<S: Slice>(options: &Serve<S::Settings>) -> anyhow::Result<()> {
    run(S::NAME, &options.serve, async {
        // First: until then the first process of a container ignores signals.
        let stop = stop_signal()?;
        let db = Db::new(options.database.url()?, options.database.database_connections.into(), &options.database.limits())?;
        let bound = slice_server::<S>(&db, &options.settings, &options.serve)?.bind(&options.serve).await?;
        match require_migrated(&db, S::migrations()).await {
            Ok(()) => {}
            Err(pending @ NotMigrated::Pending { .. }) => return Err(pending.into()),
            // Not a reason to end: it may be back before anyone could restart this process.
            Err(NotMigrated::Unknown(cause)) => tracing::warn!(%cause, "starting without the database"),
        }
        bound.serve(stop).await;
        // Calls are over; what they began ends by PostgreSQL's limits, and if PostgreSQL is gone it does not matter any more.
        if tokio::time::timeout(SETTLE, db.settle()).await.is_err() {
            tracing::warn!("ended with units of work open");
        }
        Ok(())
    })
}

/// A slice's server over `db`.
pub fn slice_server<S: Slice>(db: &Db, settings: &S::Settings, options: &ServeOptions) -> anyhow::Result<Server> {
    // Parts may register metrics, which are lost before there is a recorder.
    telemetry::metrics::recorder();
    let Parts { routes, mut shared, mut background } = S::parts(db, settings, options)?;
    shared.push(S::PACKAGE);
    background.push(keep_swept(db.clone()).map(|never| match never {}).boxed());
    let watched = db.clone();
    Ok(Server {
        // Slightly more than it has connections for, so that one is never idle for want of a call.
        max_calls: db.connections() * 3 / 2,
        name: S::NAME,
        contracts: DESCRIPTORS,
        served: shared,
        front_door: false,
        routes,
        fallback: None,
        gauges: vec![Box::new({
            let db = db.clone();
            move || db.set_gauges()
        })],
        background,
        readiness: Box::new(move || {
            let db = watched.clone();
            async move {
                match require_migrated(&db, S::migrations()).await {
                    // At its limit, which is not broken: turning callers away would only move the load to its siblings.
                    Ok(()) | Err(NotMigrated::Unknown(Failure::Busy(_))) => Ok(()),
                    Err(cause) => Err(cause.into()),
                }
            }
            .boxed()
        }),
    })
}

/// The rest of `main` for a service without a database: serves until a signal.
pub fn run_to_end(name: &str, options: &ServeOptions, server: impl Future<Output = anyhow::Result<Server>>) -> ExitCode {
    let result = run(name, options, async {
        let stop = stop_signal()?;
        let bound = server.await?.bind(options).await?;
        bound.serve(stop).await;
        Ok(())
    });
    exit(name, result)
}

/// The rest of `main` for the `health` command of a service without a database.
pub fn health_to_end(name: &str, options: &HealthOptions) -> ExitCode {
    exit(name, ask::run(options))
}

fn run(name: &str, options: &ServeOptions, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut runtime = match options.workers {
        1 => tokio::runtime::Builder::new_current_thread(),
        more => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(more.into());
            builder
        }
    };
    runtime.enable_all().build().context("cannot start a runtime")?.block_on(async {
        let telemetry = telemetry::start(name, options)?;
        raise_descriptor_limit();
        let result = work.await;
        telemetry.end().await;
        result
    })
}

/// Shells and some container engines give a process few file descriptors and let it take more.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "cannot raise the limit of file descriptors");
    }
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    })
}
