//! A private Docker engine for machines where none answers: Debian's, in namespaces and a root file system of its own.
//!
//! It changes nothing of the machine's network, ends with this process, and keeps everything under target/orchard/engine.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use orchard_testkit::cluster::process::bound;

use super::steps::{output, succeeds};
use crate::output::say;
use crate::project::Project;

/// The oldest whose Compose has all that the compose file uses.
const SUITE: &str = "trixie";
const MIRROR: &str = "http://deb.debian.org/debian";
/// The engine with what it needs, PostgreSQL for the image that replaces public ones, and the tool that renders manifests.
const PACKAGES: &str = "docker.io,docker-cli,docker-compose,docker-buildx,iproute2,iptables,postgresql,kustomize";

/// Returns the root file system of the engine.
pub fn root(project: &Project) -> PathBuf {
    project.state().join("engine/root")
}

/// Returns a command that runs `program` beside a new engine, to which it can speak as to the machine's own.
pub fn command(project: &Project, program: &Path, assume_yes: bool) -> Result<Command> {
    ensure!(rustix::process::geteuid().is_root(), "no Docker engine answers, and only root can start a private one");
    ensure!(is_root_of_namespace(), "no Docker engine answers, and in a chroot a private one cannot run health checks");
    make_root(&root(project), assume_yes).context("no Docker engine answers, and a private one cannot be made")?;
    // Its own process and mount namespaces: nothing stays running or mounted.
    let mut command = bound("unshare", "KILL");
    command.args(["--mount", "--pid", "--net", "--fork", "--kill-child", "--", "sh"]);
    command.arg(project.root().join("shared/xtask/src/test/engine.sh")).arg(root(project)).arg(project.root()).arg(program);
    Ok(command)
}

/// Whether this process sees the root of its mount namespace, which is the one that entering the namespace leads to.
fn is_root_of_namespace() -> bool {
    let entered = output(Command::new("nsenter").args(["--mount=/proc/self/ns/mnt", "--", "stat", "--format=%d:%i", "/"]));
    let seen = output(Command::new("stat").args(["--format=%d:%i", "/"]));
    matches!((entered, seen), (Ok(entered), Ok(seen)) if entered == seen)
}

/// Makes the root file system once, by Debian's own tool, which checks Debian's signatures.
fn make_root(root: &Path, assume_yes: bool) -> Result<()> {
    let complete = root.with_extension("packages");
    if fs::read_to_string(&complete).is_ok_and(|packages| packages == PACKAGES) {
        return Ok(());
    }
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    if !succeeds(Command::new("debootstrap").arg("--version")) {
        ensure!(assume_yes || !std::io::stdin().is_terminal(), "debootstrap is not installed (`--yes` installs it)");
        output(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "debootstrap"]))?;
    }
    fs::create_dir_all(root)?;
    say("\nInstalling a private Docker engine under target/orchard/engine ...");
    let packages = format!("--include={PACKAGES}");
    let mut install = Command::new("debootstrap");
    output(install.args(["--force-check-gpg", "--variant=minbase", &packages, SUITE]).arg(root).arg(MIRROR))?;
    Ok(fs::write(complete, PACKAGES)?)
}
