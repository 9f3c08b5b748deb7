//! What buf says of the contracts, beside our own lint.

use std::process::Command;

use anyhow::Result;

use super::pip;
use super::steps::{Steps, succeeds};
use crate::project::Project;

/// Lints the contracts and checks their format.
pub fn check(steps: &mut Steps, project: &Project) -> Result<()> {
    let folder = project.state().join("tools/buf");
    let fetched = folder.join("bin/buf");
    let buf = || -> Result<Command> {
        if succeeds(Command::new("buf").arg("--version")) {
            return Ok(Command::new("buf"));
        }
        let fetched_buf = || {
            let mut command = Command::new(&fetched);
            command.env("PYTHONPATH", &folder);
            command
        };
        if !succeeds(fetched_buf().arg("--version")) {
            pip(&folder, "buf-bin")?;
        }
        Ok(fetched_buf())
    };
    for (name, args) in [("buf lint", &["lint", "proto"][..]), ("buf format", &["format", "--diff", "--exit-code", "proto"])] {
        match buf() {
            Ok(mut command) => {
                command.args(args).current_dir(project.root());
                steps.run(name, command)?;
            }
            Err(error) => steps.skip(name, &format!("{error}; buf comes with `pip install buf-bin`")),
        }
    }
    Ok(())
}
