//! `cargo xtask soak`: the tests whose size can be chosen, at a large size.

use std::process::ExitCode;

use anyhow::Result;
use orchard_testkit::cluster::TEST_DATABASE_URL;

use crate::project::Project;
use crate::test::{Steps, server};

/// Run tests at a large size: 100,000 events while replicas are killed, the finalisation of a challenge with 100,000 participants while
/// connections are cut, calls beside 1,000 watchers, and payments while their processes are killed.
///
/// `cargo xtask test` runs the same tests at a small size. Here they are optimised.
#[derive(clap::Args)]
pub struct Args {
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
}

/// The crates and tests that read ORCHARD_SOAK.
const SOAKED: [(&str, &str, &str); 4] = [
    ("orchard-events", "it", "storm"),
    ("orchard-social", "it", "each_reward_is_given_once"),
    ("orchard", "e2e", "watchers_keep_no_other"),
    ("orchard", "e2e", "killed_processes_lose_no_money"),
];

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let mut steps = Steps::new();
    if let Some(cluster) = server(&mut steps, &project, args.yes) {
        for (package, binary, tests) in SOAKED {
            let mut command = project.cargo();
            command.args(["test", "--locked", "--release", "--package", package, "--test", binary, "--", "--nocapture", tests]);
            command.envs(cluster.as_ref().map(|cluster| (TEST_DATABASE_URL, cluster.url("postgres")))).env("ORCHARD_SOAK", "1");
            steps.run(package, command)?;
        }
    }
    Ok(steps.summary())
}
