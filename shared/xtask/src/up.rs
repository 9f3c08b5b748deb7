//! `cargo xtask up`: runs the suite on this machine, with demo data.

pub mod build;
mod database;
pub mod health;
pub mod ports;
pub mod provision;
pub mod services;
pub mod signals;
pub mod signs;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use orchard_testkit::cluster::Cluster;
use orchard_testkit::keys::DevKeys;

use self::database::{Database, Source};
use self::ports::Ports;
use self::provision::secrets;
use self::services::Services;
use self::signals::Signals;
use crate::demo;
use crate::output::{Progress, say};
use crate::project::{DEFAULT_PORT, Project};

/// Start PostgreSQL and the five services, load demo data, and wait until Ctrl-C stops everything.
///
/// PostgreSQL is the server of DATABASE_URL (a superuser's URL; the database `orchard` is created there), or a private one under
/// target/orchard. Where PostgreSQL is missing it is installed with apt-get.
#[derive(clap::Args)]
pub struct Args {
    /// Remove target/orchard/up with the private cluster first. The database of DATABASE_URL and its passwords are kept.
    #[arg(long)]
    fresh: bool,
    /// Port of the edge. The services use the next four; ports for health and metrics are ten higher.
    #[arg(long, default_value_t = DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(1..=65_521))]
    port: u16,
    /// Build and run optimised.
    #[arg(long)]
    release: bool,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
    /// Load no demo data.
    #[arg(long)]
    no_demo: bool,
    /// Serve a page for browsers, five ports above the edge's, and print its address with tokens of demo people.
    #[arg(long, conflicts_with = "no_demo")]
    page: bool,
    /// Folder for data and logs instead of target/orchard/up, so that two suites can run.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut project = Project::find()?;
    if let Some(folder) = &args.folder {
        project = project.with_up(folder.clone());
    }
    let progress = Progress::start();
    let ports = Ports::from(args.port);
    ports.check()?;
    let source = Source::choose(args.yes, &project)?;
    progress.step("building the services");
    let program = build::program(&project, args.release)?;
    let up = project.up();
    if args.fresh {
        remove(&up, source.is_private())?;
        progress.step("removed target/orchard/up (--fresh)");
    }
    std::fs::create_dir_all(&up).with_context(|| format!("cannot create {}", up.display()))?;
    let mut database = Database::open(source, &up, &progress)?;
    let keys = project.keys()?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let suite = Suite { project, keys, ports, progress, program };
    let outcome = runtime.block_on(suite.run(&mut database, args.no_demo, args.page));
    if let Err(error) = &outcome {
        eprintln!("error: {error:#}");
    }
    database.stop()?;
    progress.step("everything is stopped");
    Ok(if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Suite {
    project: Project,
    keys: DevKeys,
    ports: Ports,
    progress: Progress,
    program: PathBuf,
}

impl Suite {
    /// Runs until the user, or the end of a process, stops it.
    async fn run(&self, database: &mut Database, no_demo: bool, page: bool) -> Result<()> {
        // From here on a signal stops everything in order, however much has started.
        let mut signals = Signals::listen()?;
        let mut services = Services::new(self.project.up(), self.program.clone(), self.ports).with_page(page);
        let outcome = tokio::select! {
            outcome = self.serve(&mut services, database, no_demo, page) => outcome,
            () = signals.next() => Ok(()),
        };
        if services.any_started() {
            say("");
            self.progress.step("stopping the edge, the slices, then PostgreSQL (Ctrl-C again kills them)");
            services.stop(&mut signals).await;
        }
        outcome
    }

    /// Returns only if something fails.
    async fn serve(&self, services: &mut Services, database: &mut Database, no_demo: bool, page: bool) -> Result<()> {
        provision::provision(database.admin(), &secrets(&self.project.up())).await?;
        self.progress.step("database `orchard` is ready, with a role and a schema for each slice");
        services.migrate().await?;
        self.progress.step("migrations are applied");
        services.start(&self.keys)?;
        tokio::select! {
            end = services.first_end(database) => end,
            outcome = self.open(no_demo, page) => outcome,
        }
    }

    /// Waits for the services, loads the demo and prints examples. Returns only if one of these fails.
    async fn open(&self, no_demo: bool, page: bool) -> Result<()> {
        health::wait(self.ports, &self.progress).await?;
        let demo = match no_demo {
            true => None,
            false => Some(demo::load(&self.project.up(), &self.keys, &self.ports.addresses(), &self.progress).await?),
        };
        signs::print(&self.keys, self.ports.edge(), demo.as_ref())?;
        if page {
            signs::page(&self.keys, self.ports, &self.project.up().join("page.url"))?;
        }
        if let Some(demo) = &demo {
            signs::write(&self.project.up().join("demo.env"), self.ports, demo)?;
        }
        std::future::pending().await
    }
}

/// Empties the folder, except for the passwords of roles on a server that is not private.
fn remove(up: &Path, with_secrets: bool) -> Result<()> {
    Cluster::remove(&up.join("pg"))?;
    let remove = || -> std::io::Result<()> {
        if !up.exists() {
            return Ok(());
        }
        for entry in std::fs::read_dir(up)? {
            let path = entry?.path();
            if path == secrets(up) && !with_secrets {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                std::fs::remove_dir_all(&path)?;
            } else {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    };
    remove().with_context(|| format!("cannot empty {}", up.display()))
}
