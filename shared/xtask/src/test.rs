//! `cargo xtask test`: checks a change before it is handed in.

mod browser;
pub mod compose;
mod engine;
mod kubernetes;
mod pages;
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

/// Check formatting, lints, tests and documentation.
///
/// Tests use the PostgreSQL server of ORCHARD_TEST_DATABASE_URL (a superuser's URL), or a private one. Where PostgreSQL is missing it
/// is installed with apt-get. All steps run even if one fails. The last one lists error reasons that no test has produced.
#[derive(clap::Args)]
pub struct Args {
    /// Also check the contracts with buf (from pip), the dependencies with cargo-deny (if installed), that the benchmarks run, and
    /// everything that `--pages` and `--deploy` check.
    #[arg(long)]
    all: bool,
    /// Only check the deployment: lint the Dockerfile and the manifests with tools from pip, and run the compose file, on the machine's
    /// Docker engine or, as root, on a private one under target/orchard.
    #[arg(long, conflicts_with_all = ["all", "packages", "args"])]
    deploy: bool,
    /// Only check the pages: that links lead somewhere, and that the blocks of commands do what they say.
    #[arg(long, conflicts_with_all = ["all", "deploy", "packages", "args"])]
    pages: bool,
    /// Run only the tests of this crate; may be repeated.
    #[arg(short = 'p', long = "package", value_name = "CRATE")]
    packages: Vec<String>,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
    /// Arguments for the tests, such as part of a name; then only tests run.
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
    if args.pages {
        pages::check(&mut steps, &project)?;
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
        browser::install(&mut steps)?;
        pages::check(&mut steps, &project)?;
        benchmarks(&mut steps, args.yes)?;
        deployment(&mut steps, &project, args.yes)?;
    }
    Ok(steps.summary())
}

/// Checks the deployment. The manifests come last: a private engine may bring the tool that renders them.
fn deployment(steps: &mut Steps, project: &Project, assume_yes: bool) -> Result<()> {
    HADOLINT.step(steps, project, "hadolint", &["deploy/Dockerfile"])?;
    compose::check(steps, project, assume_yes)?;
    kubernetes::check(steps, project)
}

/// Runs a step that needs a component which minimal toolchains lack.
fn component(steps: &mut Steps, project: &Project, subcommand: &str, component: &str, command: Command) -> Result<()> {
    let mut probe = project.cargo();
    if steps::succeeds(probe.args([subcommand, "--version"])) {
        return steps.run(subcommand, command);
    }
    steps.fail(subcommand, &format!("not installed; run `rustup component add {component}`"));
    Ok(())
}

/// Checks the dependencies by .cargo/deny.toml, without the advisories, which are not available offline.
fn dependencies(steps: &mut Steps, project: &Project) -> Result<()> {
    if !steps::succeeds(project.cargo().args(["deny", "--version"])) {
        steps.skip("cargo deny", "not installed; it comes with `cargo install --locked cargo-deny`");
        return Ok(());
    }
    let mut deny = project.cargo();
    deny.args(["deny", "--locked", "--offline", "--all-features", "check", "bans", "licenses", "sources"]);
    steps.run("cargo deny", deny)
}

/// Checks that every benchmark runs; the figures of debug builds mean nothing.
fn benchmarks(steps: &mut Steps, assume_yes: bool) -> Result<()> {
    if is_elsewhere() {
        steps.skip("benchmarks", &format!("they need a private server, and {TEST_DATABASE_URL} names another"));
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
        // Nextest does not run doctests.
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

/// Returns whether tests use a server that exists.
fn is_elsewhere() -> bool {
    std::env::var_os(TEST_DATABASE_URL).is_some_and(|url| !url.is_empty())
}

/// Starts a private server to test on: `Some(None)` if another exists, `None` and a failed step if none can be started.
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
