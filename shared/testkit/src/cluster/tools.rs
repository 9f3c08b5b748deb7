//! Finds the server's binaries, which distributions keep outside of `PATH`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ClusterError, MINIMUM_MAJOR};

/// The binaries of one PostgreSQL server.
#[derive(Clone, Debug)]
pub struct Tools {
    bin: PathBuf,
    major: u32,
}

impl Tools {
    /// Finds `initdb` and `postgres` of a version that the suite runs on: those in `PATH`, else the newest where Debian, Ubuntu and
    /// the distributions of Red Hat put them.
    pub fn find() -> Result<Self, ClusterError> {
        Self::find_in(&folders())
    }

    /// These, unless the data was written by another major version whose binaries are installed, too: after an upgrade of the
    /// system both often are.
    pub(super) fn or_those_of(self, data: &Path) -> Self {
        let written = std::fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|version| version.trim().parse().ok());
        match written {
            Some(major) if major != self.major => {
                let bin = folders().into_iter().find(|bin| major_of(bin) == Some(major));
                bin.map_or(self, |bin| Self { bin, major })
            }
            _ => self,
        }
    }

    pub(super) fn find_in(folders: &[PathBuf]) -> Result<Self, ClusterError> {
        let mut newest_old: Option<Self> = None;
        for bin in folders {
            let Some(major) = major_of(bin) else { continue };
            let tools = Self { bin: bin.clone(), major };
            if major >= MINIMUM_MAJOR {
                return Ok(tools);
            }
            if newest_old.as_ref().is_none_or(|old| old.major < major) {
                newest_old = Some(tools);
            }
        }
        Err(newest_old.map_or(ClusterError::Missing, |old| ClusterError::TooOld { found: old.major, bin: old.bin }))
    }

    /// Major version, such as 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The folder of the binaries.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Where binaries may be, the preferred first.
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(installed("/usr/lib/postgresql", "", "bin"));
    folders.extend(installed("/usr", "pgsql-", "bin"));
    folders
}

/// `<base>/<prefix><version>/<inner>`, the newest first.
fn installed(base: &str, prefix: &str, inner: &str) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(base)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join(inner)))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, bin)| bin).collect()
}

/// `None` where one of the two binaries is missing or does not say its version.
fn major_of(bin: &Path) -> Option<u32> {
    if !bin.join("initdb").is_file() || !bin.join("postgres").is_file() {
        return None;
    }
    let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`, and `17beta2` alike.
pub(super) fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}
