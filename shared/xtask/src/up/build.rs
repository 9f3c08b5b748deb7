//! Builds the services and learns from cargo where it put them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::project::{EDGE, Project, SLICES};

/// The programs of the services, by name.
pub type Programs = BTreeMap<String, PathBuf>;

/// Builds all five; cargo's own progress shows.
pub fn services(project: &Project, release: bool) -> Result<Programs> {
    let mut command = project.cargo();
    // Together with this program, which is built already: alone they would want some dependencies with fewer features, once more.
    command.args(["build", "--locked", "--message-format=json-render-diagnostics", "--package", env!("CARGO_PKG_NAME")]);
    for service in SLICES.into_iter().chain([EDGE]) {
        command.arg("--package").arg(format!("orchard-{service}"));
    }
    if release {
        command.arg("--release");
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let mut programs = Programs::new();
    for line in BufReader::new(child.stdout.take().context("cargo has no output")?).lines() {
        if let Some((service, program)) = program_of(&line?) {
            programs.insert(service, program);
        }
    }
    if !child.wait()?.success() {
        bail!("the services do not build");
    }
    for service in SLICES.into_iter().chain([EDGE]) {
        if !programs.contains_key(service) {
            bail!("cargo built no program in services/{service}");
        }
    }
    Ok(programs)
}

/// A service is named by the folder of its package.
fn program_of(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let program = message.get("executable")?.as_str()?;
    if message.get("target")?.get("kind")?.get(0)? != "bin" {
        return None;
    }
    let folder = Path::new(message.get("manifest_path")?.as_str()?).parent()?.file_name()?;
    Some((folder.to_str()?.to_owned(), program.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_those_of_cargos_messages() {
        let artifact = r#"{"reason":"compiler-artifact","manifest_path":"/x/services/family/Cargo.toml",
            "target":{"kind":["bin"],"name":"family"},"executable":"/x/target/debug/family"}"#;
        assert_eq!(program_of(artifact), Some(("family".to_owned(), "/x/target/debug/family".into())));
        assert_eq!(program_of(&artifact.replace(r#""/x/target/debug/family""#, "null")), None);
        assert_eq!(program_of("not json"), None);
    }
}
