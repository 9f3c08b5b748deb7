//! `cargo xtask test`: everything that is checked before a change is handed in.

pub mod compose;
mod engine;
mod kubernetes;
mod reasons;
mod steps;
mod tool;

use std::process::{Command, ExitCode};

use anyhow::Result;
use orchard_testkit::answer::SEEN_REASONS;
use orchard_testkit::cluster::{Cluster, Options, TEST_DATABASE_URL};

pub use self::steps::Steps;
use self::tool::{BUF, HADOLINT};
use crate::bench;
use crate::install;
use crate::output::say;
use crate::project::{EDGE, Project};
use crate::up::ports::Ports;

/// Check everything: format, lints, all tests on one private PostgreSQL, documentation.
///
/// Tests run on the server that ORCHARD_TEST_DATABASE_URL names (a superuser's URL), else on a private one that is installed with
/// apt-get where it is missing, and removed afterwards. A step that fails does not keep the next from running. After all tests, those
/// reasons for refusals are named that no test has produced.
#[derive(clap::Args)]
pub struct Args {
    /// Also check the contracts with buf, which is fetched with pip where it is missing, and the dependencies with cargo-deny where
    /// it is installed, that the benchmarks run, and what `--deploy` does.
    #[arg(long)]
    all: bool,
    /// Only check what deploys the suite: the Dockerfile and the manifests with tools that pip fetches, and the compose file for
    /// real, on the machine's Docker engine, or as root on a private one that is made under target/orchard.
    #[arg(long, conflicts_with_all = ["all", "packages", "args"])]
    deploy: bool,
    /// Only the tests of this crate; may be repeated.
    #[arg(short = 'p', long = "package", value_name = "CRATE")]
    packages: Vec<String>,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
    /// For the tests, such as part of a name; then only tests run.
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let mut steps = Steps::new();
    if args.deploy {
        deployment(&mut steps, &project, args.yes)?;
        return Ok(steps.summary());
    }
    let only_tests = !args.packages.is_empty() || !args.args.is_empty();
    if !only_tests {
        let mut fmt = project.cargo();
        fmt.args(["fmt", "--all", "--check"]);
        component(&mut steps, &project, "fmt", "rustfmt", fmt)?;
        let mut clippy = project.cargo();
        clippy.args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]);
        component(&mut steps, &project, "clippy", "clippy", clippy)?;
    }
    tests(&mut steps, &project, args)?;
    if !only_tests {
        let mut doc = project.cargo();
        doc.args(["doc", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        steps.run("docs", doc)?;
    }
    if args.all {
        BUF.step(&mut steps, &project, "buf lint", &["lint", "proto"])?;
        BUF.step(&mut steps, &project, "buf format", &["format", "--diff", "--exit-code", "proto"])?;
        dependencies(&mut steps, &project)?;
        benchmarks(&mut steps, args.yes)?;
        deployment(&mut steps, &project, args.yes)?;
    }
    Ok(steps.summary())
}

/// Images, the compose file, manifests; the engine's folder may have the tool that the manifests need.
fn deployment(steps: &mut Steps, project: &Project, assume_yes: bool) -> Result<()> {
    HADOLINT.step(steps, project, "hadolint", &["deploy/Dockerfile"])?;
    compose::check(steps, project, assume_yes)?;
    kubernetes::check(steps, project)
}

/// A step of a component that minimal toolchains lack.
fn component(steps: &mut Steps, project: &Project, subcommand: &str, component: &str, command: Command) -> Result<()> {
    let mut probe = project.cargo();
    if steps::succeeds(probe.args([subcommand, "--version"])) {
        return steps.run(subcommand, command);
    }
    steps.fail(subcommand, &format!("not installed; run `rustup component add {component}`"));
    Ok(())
}

/// What the dependencies are, by .cargo/deny.toml. Known flaws in them are not asked for: their list is not offline.
fn dependencies(steps: &mut Steps, project: &Project) -> Result<()> {
    if !steps::succeeds(project.cargo().args(["deny", "--version"])) {
        steps.skip("cargo deny", "not installed; it comes with `cargo install --locked cargo-deny`");
        return Ok(());
    }
    let mut deny = project.cargo();
    deny.args(["deny", "--locked", "--offline", "--all-features", "check", "bans", "licenses", "sources"]);
    steps.run("cargo deny", deny)
}

/// That benchmarks run, once each; what they measure is nobody's business here.
fn benchmarks(steps: &mut Steps, assume_yes: bool) -> Result<()> {
    if is_elsewhere() {
        steps.skip("benchmarks", &format!("they need a server of their own, and {TEST_DATABASE_URL} names another's"));
        return Ok(());
    }
    let mut bench = Command::new(std::env::current_exe()?);
    match Ports::free(bench::PORT) {
        Ok(ports) => bench.args(["bench", "--debug", "--port", &ports.of(EDGE).to_string()]),
        Err(taken) => {
            steps.fail("benchmarks", &taken.to_string());
            return Ok(());
        }
    };
    bench.args(assume_yes.then_some("--yes"));
    steps.run("benchmarks", bench)
}

fn tests(steps: &mut Steps, project: &Project, args: &Args) -> Result<()> {
    let Some(cluster) = server(steps, project, args.yes) else { return Ok(()) };
    let is_whole = args.packages.is_empty() && args.args.is_empty();
    let seen = reasons::folder(&project.state())?;
    let has_nextest = steps::succeeds(project.cargo().args(["nextest", "--version"]));
    let mut command = project.cargo();
    match has_nextest {
        true => command.args(["nextest", "run"]),
        false => command.arg("test"),
    };
    command.args(["--locked", "--no-fail-fast"]);
    scope(&mut command, args);
    command.envs(cluster.as_ref().map(|cluster| (TEST_DATABASE_URL, cluster.url("postgres")))).env(SEEN_REASONS, &seen);
    if !args.args.is_empty() {
        command.arg("--").args(&args.args);
    }
    steps.run("tests", command)?;
    if is_whole {
        let missing = reasons::missing(&seen)?;
        steps.check("reasons", "each is produced by a test", "no test produces ", &missing);
    }
    if has_nextest && args.args.is_empty() {
        // Nextest leaves out the examples in the documentation.
        let mut examples = project.cargo();
        examples.args(["test", "--locked", "--doc"]);
        scope(&mut examples, args);
        steps.run("examples", examples)?;
    }
    Ok(())
}

fn scope(command: &mut Command, args: &Args) {
    if args.packages.is_empty() {
        command.arg("--workspace");
    }
    for package in &args.packages {
        command.args(["--package", package]);
    }
}

/// Whether tests run on a server that is another's.
fn is_elsewhere() -> bool {
    std::env::var_os(TEST_DATABASE_URL).is_some_and(|url| !url.is_empty())
}

/// The server to test on: `Some(None)` when it is another's; `None` when there is none, which is then a failed step.
pub fn server(steps: &mut Steps, project: &Project, assume_yes: bool) -> Option<Option<Cluster>> {
    if is_elsewhere() {
        say(&format!("Testing on the server of {TEST_DATABASE_URL}."));
        return Some(None);
    }
    let start = || -> Result<Cluster> {
        let tools = install::postgres(assume_yes, &project.state(), TEST_DATABASE_URL)?;
        Ok(Cluster::temporary(&tools, &project.state().join("test"), Options::test())?)
    };
    match start() {
        Ok(cluster) => Some(Some(cluster)),
        Err(error) => {
            steps.fail("tests", &format!("no PostgreSQL to test on: {error:#}"));
            None
        }
    }
}
