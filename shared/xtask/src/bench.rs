//! `cargo xtask bench`: measures the cost of calls, side by side with that of their statements alone.

mod accounting;
mod build;
mod calls;
mod data;
pub mod echo;
mod figures;
mod load;
mod pgbench;
mod recipes;
mod recording;
mod report;
mod scenario;
mod script;
mod side;
mod world;

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;
use orchard_testkit::cluster::{Cluster, Options};
use orchard_testkit::keys::DevKeys;

use self::pgbench::Pgbench;
use self::scenario::Scenario;
use self::world::{Amount, World};
use crate::install;
use crate::output::{Progress, say};
use crate::project::Project;
use crate::up::build::program;
use crate::up::ports::Ports;
use crate::up::provision::{self, secrets};
use crate::up::services::Services;
use crate::up::signals::Signals;

/// Default port, other than that of `up`, so that both can run.
pub const PORT: u16 = 15150;

/// Measure the cost of calls: CPU of services and PostgreSQL, rates and latencies, compared to their statements alone.
///
/// The services are optimised, and PostgreSQL is a private one with durable commits. Sides are measured in turn (A B A B), and each
/// ratio is of rounds next to each other, because absolute figures depend on the machine. Results are written to target/orchard/bench.
#[derive(clap::Args)]
pub struct Args {
    /// Scenarios to run; default: all.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// Run fewer and shorter rounds, which take minutes; their figures are not reliable.
    #[arg(long)]
    quick: bool,
    /// Port of the edge. The services use the next four; ports for health and metrics are ten higher.
    #[arg(long, default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..=65_521))]
    port: u16,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
    /// Run one short round of debug builds, only to see that everything works.
    #[arg(long)]
    debug: bool,
    /// Only measure the CPU time of cold builds.
    #[arg(long, conflicts_with_all = ["scenarios", "quick", "debug"])]
    build: bool,
}

impl Args {
    fn amount(&self) -> Amount {
        match (self.debug, self.quick) {
            (true, _) => Amount::Glance,
            (false, true) => Amount::Quick,
            (false, false) => Amount::Full,
        }
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode> {
    let project = Project::find()?;
    if args.build {
        build::run(&project)?.print("build");
        return Ok(ExitCode::SUCCESS);
    }
    let ports = Ports::from(args.port);
    ports.check()?;
    let progress = Progress::start();
    progress.step("building the services");
    let program = program(&project, !args.debug)?;
    if cfg!(debug_assertions) && !args.debug {
        // The load generator must be optimised, too.
        let optimised = program.with_file_name(env!("CARGO_PKG_NAME"));
        return Err(Command::new(optimised).args(std::env::args_os().skip(1)).exec()).context("cannot run the optimised program");
    }
    let bench = Bench { tools: install::postgres(args.yes, &project.state(), "PATH")?, program, ports, progress };
    let folder = project.state().join("bench");
    let work = Work::create(folder.join("work"))?;
    let mut cluster = Cluster::temporary(&bench.tools, &folder, Options::durable())?;
    let keys = project.keys()?;
    // One thread makes the calls, as in pgbench.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let outcome = runtime.block_on(bench.run(args, &project, &work.0, &cluster, &keys));
    cluster.stop()?;
    outcome
}

/// A temporary folder, removed on drop.
struct Work(PathBuf);

impl Work {
    fn create(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Bench {
    tools: orchard_testkit::cluster::Tools,
    program: PathBuf,
    ports: Ports,
    progress: Progress,
}

impl Bench {
    /// Measures until everything is done or a signal comes.
    async fn run(&self, args: &Args, project: &Project, work: &Path, cluster: &Cluster, keys: &DevKeys) -> Result<ExitCode> {
        let mut signals = Signals::listen()?;
        provision::provision(&cluster.url("postgres").parse()?, &secrets(work)).await?;
        let mut services = Services::new(work.to_owned(), self.program.clone(), self.ports).measured(!args.debug);
        let outcome = tokio::select! {
            outcome = self.measure(args, project, work, cluster, &mut services, keys) => outcome,
            () = signals.next() => Err(anyhow::anyhow!("interrupted")),
        };
        services.stop(&mut signals).await;
        outcome
    }

    async fn measure(
        &self,
        args: &Args,
        project: &Project,
        work: &Path,
        cluster: &Cluster,
        services: &mut Services,
        keys: &DevKeys,
    ) -> Result<ExitCode> {
        let pgbench = Pgbench::find(self.tools.bin(), work);
        let how = (work, std::env::current_exe()?, args.amount());
        let mut world = World::open(cluster, services, keys, self.ports, pgbench, how).await?;
        self.progress.step(&format!("five services serve; the data: {}", data::description()));
        let version: String = world.sql.query_one("SHOW server_version", &[]).await?.get(0);
        let machine = report::machine(&version, project.root());
        say(&format!("{machine:#}"));
        let chosen = if args.scenarios.is_empty() { Scenario::value_variants() } else { args.scenarios.as_slice() };
        if world.pgbench.is_none() {
            say("There is no pgbench beside this PostgreSQL: calls are not compared to their statements alone.");
        }
        let mut outcomes = Vec::new();
        for scenario in chosen {
            let name = scenario.to_possible_value().context("a scenario has a name")?.get_name().to_owned();
            let outcome = scenario.run(&mut world).await?;
            outcome.print(&name);
            self.progress.step("measured");
            outcomes.push((name, outcome));
        }
        let file = report::write(&project.state().join("bench"), &machine, &data::description(), &outcomes)?;
        self.progress.step(&format!("the results are in {}", file.strip_prefix(project.root()).unwrap_or(&file).display()));
        Ok(ExitCode::SUCCESS)
    }
}
