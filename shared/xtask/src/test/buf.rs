//! What buf says of the contracts, beside our own lint.

use anyhow::Result;

use super::steps::Steps;
use super::tool;
use crate::project::Project;

const VERSION: &str = "1.75.0";

/// Lints the contracts and checks their format.
pub fn check(steps: &mut Steps, project: &Project) -> Result<()> {
    let buf = tool::find(project, "buf", "buf-bin", VERSION);
    for (name, args) in [("buf lint", &["lint", "proto"][..]), ("buf format", &["format", "--diff", "--exit-code", "proto"])] {
        match &buf {
            Ok(buf) => {
                let mut command = buf();
                command.args(args).current_dir(project.root());
                steps.run(name, command)?;
            }
            Err(error) => steps.skip(name, &error.to_string()),
        }
    }
    Ok(())
}
