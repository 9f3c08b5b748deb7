//! Builds the program of the services.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::project::Project;

/// The package and the program in it.
const PROGRAM: &str = "orchard";

/// Builds the program and returns where cargo put it.
pub fn program(project: &Project, release: bool) -> Result<PathBuf> {
    let mut command = project.cargo();
    // Together with this program, so that dependencies have the features with which they are built already.
    command.args(["build", "--locked", "--message-format=json-render-diagnostics", "--package", env!("CARGO_PKG_NAME")]);
    command.args(["--package", PROGRAM]).args(release.then_some("--release"));
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the program does not build");
    let messages = String::from_utf8(output.stdout).context("cargo's messages are not UTF-8")?;
    messages.lines().find_map(program_of).context("cargo built no program")
}

/// Returns the program's path if this is cargo's message about it.
fn program_of(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let program = message["executable"].as_str()?;
    (message["target"]["name"] == PROGRAM && message["target"]["kind"][0] == "bin").then(|| program.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_in_a_message_of_cargo() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"orchard"},
            "executable":"/x/target/debug/orchard"}"#;
        assert_eq!(program_of(artifact), Some("/x/target/debug/orchard".into()));
        assert_eq!(program_of(&artifact.replace(r#""/x/target/debug/orchard""#, "null")), None);
        assert_eq!(program_of("not json"), None);
    }
}
