//! What buf says of the contracts, beside our own lint.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::pip;
use super::steps::{Steps, succeeds};
use crate::project::Project;

/// The one that is fetched: a newer one may know more rules.
const VERSION: &str = "1.75.0";

/// Lints the contracts and checks their format.
pub fn check(steps: &mut Steps, project: &Project) -> Result<()> {
    let folder = project.state().join(format!("tools/buf-{VERSION}"));
    let buf = find(&folder);
    for (name, args) in [("buf lint", &["lint", "proto"][..]), ("buf format", &["format", "--diff", "--exit-code", "proto"])] {
        match &buf {
            Ok(buf) => {
                let mut command = buf();
                command.args(args).current_dir(project.root());
                steps.run(name, command)?;
            }
            Err(error) => steps.skip(name, &format!("{error}; buf comes with `pip install buf-bin`")),
        }
    }
    Ok(())
}

/// How to call the machine's own, else the one in the folder, which is fetched when it is missing.
fn find(folder: &Path) -> Result<impl Fn() -> Command> {
    let is_installed = succeeds(Command::new("buf").arg("--version"));
    let buf = move || {
        if is_installed {
            return Command::new("buf");
        }
        let mut command = Command::new(folder.join("bin/buf"));
        command.env("PYTHONPATH", folder);
        command
    };
    if !succeeds(buf().arg("--version")) {
        pip(folder, &format!("buf-bin=={VERSION}"))?;
    }
    Ok(buf)
}
