//! Disks that a test may fill: small ones, of memory, that nobody else sees.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, bail};

use crate::cluster::process;

const APART: &str = "ORCHARD_TEST_APART";
/// Open to all users, so that the one that runs PostgreSQL can enter what is mounted there.
const FOLDER: &str = "/var/tmp";

/// A small disk, on which the test's own process and its children alone have all of /var/tmp.
#[derive(Debug)]
pub struct Disk(PathBuf);

impl Disk {
    /// Runs the test of that name once more, in a process of its own that has such a disk. It is `None` where the test has been run
    /// so, or this machine does not let it, which is then said; within the other process it is the disk.
    ///
    /// The mount belongs to that process and its children: the kernel takes it away with the last of them, however they end.
    pub fn for_test(test: &str, size: &str) -> anyhow::Result<Option<Self>> {
        let mount = ["mount", "-t", "tmpfs", "-o", &format!("size={size}"), "orchard-test", FOLDER];
        if std::env::var_os(APART).is_some() {
            succeed(Command::new(mount[0]).args(&mount[1..]).output().context("cannot run mount")?)?;
            return Ok(Some(Self(FOLDER.into())));
        }
        let tried = Command::new("unshare").args(["--mount", "--"]).args(mount).output().map_err(anyhow::Error::from);
        if let Err(cause) = tried.and_then(succeed) {
            eprintln!("skipped: no disk can be mounted here: {cause}");
            return Ok(None);
        }
        let mut again = process::bound("unshare", "KILL");
        again.args(["--mount", "--"]).arg(std::env::current_exe()?).args(["--exact", test, "--nocapture"]).env(APART, "");
        // This thread waits for it here, so that what the kernel watches is there as long as it is.
        let output = again.output().context("cannot run setpriv (package util-linux)")?;
        let ran = String::from_utf8_lossy(&output.stdout).contains("1 passed");
        succeed(output)?;
        if ran { Ok(None) } else { bail!("there is no test {test}") }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Makes it so large that there is this much room, in bytes.
    pub fn leave(&self, free: u64) -> anyhow::Result<()> {
        let disk = rustix::fs::statvfs(&self.0)?;
        let used = disk.f_blocks.saturating_sub(disk.f_bfree).saturating_mul(disk.f_frsize);
        let options = format!("remount,size={}", used.saturating_add(free));
        succeed(Command::new("mount").args(["-o", &options]).arg(&self.0).output().context("cannot run mount")?)
    }
}

fn succeed(output: Output) -> anyhow::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    bail!("{} {}", said(&output.stderr), said(&output.stdout))
}
