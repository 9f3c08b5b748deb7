//! The CPU time of cold builds.

use std::fs;

use anyhow::{Result, ensure};

use super::accounting;
use super::report::{Finding, Outcome};
use crate::project::Project;

/// Names of the builds, and cargo's arguments.
const BUILDS: [(&str, &[&str]); 2] = [
    ("cold build of all tests", &["test", "--no-run", "--workspace"]),
    ("cold release build", &["build", "--release", "--package", "orchard", "--package", "xtask"]),
];

/// Builds everything in an empty folder, which is removed afterwards.
pub fn run(project: &Project) -> Result<Outcome> {
    let folder = project.state().join("bench/target");
    let mut findings = Vec::new();
    for (name, arguments) in BUILDS {
        let before = accounting::of_ended_children()?;
        let status = project.cargo().args(arguments).arg("--locked").env("CARGO_TARGET_DIR", &folder).status()?;
        ensure!(status.success(), "the {name} failed");
        findings.push(Finding::new(name, "s of CPU", vec![(accounting::of_ended_children()? - before) / 1e6]));
        fs::remove_dir_all(&folder)?;
    }
    Ok(Outcome { what: "cargo with an empty target folder".to_owned(), findings, ..Outcome::default() })
}
