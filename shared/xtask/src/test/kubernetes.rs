//! Checks the manifests: kustomize renders them, Kubernetes accepts them, and so does the program.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::engine;
use super::steps::{Steps, output, succeeds};
use super::tool::KUBERNETES_VALIDATE;
use crate::project::Project;

const OVERLAYS: [&str; 3] = ["local", "production", "production/migrate"];
/// The tests of rendered manifests.
const TESTS: &str = "deployment::manifests";
/// The oldest version that supports all that the manifests use (preStop's `sleep` without a feature gate), and the newest.
const VERSIONS: [&str; 2] = ["1.34", "1.37"];

/// Renders and checks all overlays.
pub fn check(steps: &mut Steps, project: &Project) -> Result<()> {
    let Some(kustomize) = kustomize(project) else {
        for name in ["manifests", "kubernetes"] {
            steps.skip(name, "neither kubectl with kustomize 5 nor kustomize is installed");
        }
        return Ok(());
    };
    let folder = project.state().join("kubernetes");
    let mut rendered = Vec::new();
    steps.work("kustomize", "renders each overlay", || {
        rendered = render(project, &folder, &kustomize)?;
        Ok(())
    });
    if rendered.is_empty() {
        return Ok(());
    }
    let tests = || {
        let mut tests = project.cargo();
        tests.args(["test", "--locked", "--package", "orchard", "--test", "e2e", "--", "--ignored", TESTS]);
        tests.env("ORCHARD_MANIFESTS", &folder);
        tests
    };
    match output(tests().arg("--list")) {
        Ok(list) if list.contains(TESTS) => steps.run("manifests", tests())?,
        Ok(_) => steps.fail("manifests", &format!("there are no tests {TESTS}")),
        Err(error) => steps.fail("manifests", &format!("{error:#}")),
    }
    for version in VERSIONS {
        let options = ["--strict", "--quiet", "--kubernetes-version", version].map(OsString::from);
        let arguments: Vec<OsString> = options.into_iter().chain(rendered.iter().map(OsString::from)).collect();
        KUBERNETES_VALIDATE.step(steps, project, &format!("kubernetes {version}"), &arguments)?;
    }
    Ok(())
}

/// Returns the command that renders a folder.
fn kustomize(project: &Project) -> Option<Vec<PathBuf>> {
    let version = output(Command::new("kubectl").args(["version", "--client", "--output=json"])).unwrap_or_default();
    let version = serde_json::from_str::<Value>(&version).unwrap_or_default();
    if version["kustomizeVersion"].as_str().is_some_and(|version| version.starts_with("v5.")) {
        return Some(["kubectl", "kustomize"].map(PathBuf::from).to_vec());
    }
    let in_engine = engine::root(project).join("usr/bin/kustomize");
    let mut candidates = [PathBuf::from("kustomize"), in_engine].into_iter();
    Some(vec![candidates.find(|program| succeeds(Command::new(program).arg("version")))?, "build".into()])
}

/// Renders a copy of the overlays, with secrets made for it.
fn render(project: &Project, folder: &Path, kustomize: &[PathBuf]) -> Result<Vec<PathBuf>> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    // The output contains the secrets.
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot create {}", folder.display()))?;
    let copy = folder.join("deploy");
    output(Command::new("cp").arg("-r").arg(project.root().join("deploy/kubernetes")).arg(&copy))?;
    let secrets = copy.join("overlays/local/secrets");
    for made in fs::read_dir(&secrets)?.flatten().filter(|entry| entry.path().is_dir()) {
        fs::remove_dir_all(made.path())?;
    }
    output(Command::new(std::env::current_exe()?).arg("secrets").arg(secrets))?;
    let mut rendered = Vec::new();
    for overlay in OVERLAYS {
        let (program, arguments) = kustomize.split_first().context("a program")?;
        let manifests = output(Command::new(program).args(arguments).arg(copy.join("overlays").join(overlay)))?;
        let file = folder.join(format!("{}.yaml", overlay.replace('/', "-")));
        fs::write(&file, manifests)?;
        rendered.push(file);
    }
    Ok(rendered)
}
