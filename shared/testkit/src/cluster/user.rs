//! Whom the server runs as: PostgreSQL refuses root.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::Doing as _;
use super::{ClusterError, process};

/// The account that runs the server and owns its files; without one it is that of this process.
#[derive(Clone, Debug)]
pub(super) struct RunAs {
    account: Option<Account>,
}

#[derive(Clone, Debug)]
struct Account {
    uid: u32,
    gid: u32,
}

impl RunAs {
    pub(super) fn detect() -> Result<Self, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { account: None });
        }
        let account = ["postgres", "nobody"].into_iter().find_map(Account::named).ok_or(ClusterError::NoServerUser)?;
        Ok(Self { account: Some(account) })
    }

    /// Runs `program` as that account, with no more of the environment than it needs: `PGPORT` and its like would be heard.
    pub(super) fn command(&self, program: &Path, signal: &str) -> Command {
        let mut command = process::setpriv(signal);
        if let Some(Account { uid, gid }) = &self.account {
            command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--init-groups");
        }
        command.arg("--").arg(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// Gives a file or folder of ours to the account.
    pub(super) fn give(&self, path: &Path) -> Result<(), ClusterError> {
        let Some(Account { uid, gid }) = self.account else { return Ok(()) };
        chown(path, Some(uid), Some(gid)).on("give away", path)
    }

    /// Whether a folder is the account's, or still this process' own.
    pub(super) fn owns(&self, path: &Path) -> bool {
        let own = rustix::process::geteuid().as_raw();
        let given = self.account.as_ref().map(|account| account.uid);
        std::fs::symlink_metadata(path)
            .is_ok_and(|metadata| metadata.is_dir() && (metadata.uid() == own || Some(metadata.uid()) == given))
    }

    /// Whether what runs as the account owns a file or folder.
    pub(super) fn runs_as_owner_of(&self, path: &Path) -> bool {
        let user = self.account.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid);
        std::fs::metadata(path).is_ok_and(|metadata| metadata.uid() == user)
    }

    /// Whether the account can reach what lies in the folder. It is tried, not computed: groups, ACLs and mounts have their say.
    pub(super) fn can_enter(&self, folder: &Path) -> Result<bool, ClusterError> {
        if self.account.is_none() {
            return Ok(true);
        }
        let mut command = self.command(Path::new("sh"), "KILL");
        command.args(["-c", r#"cd -- "$1""#, "sh"]).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status().doing(|| "run setpriv (package util-linux)".to_owned())?.success())
    }
}

impl Account {
    fn named(name: &str) -> Option<Self> {
        let id = |what: &str| -> Option<u32> {
            let output = Command::new("id").args([what, name]).stderr(Stdio::null()).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        Some(Self { uid: id("-u")?, gid: id("-g")? })
    }
}
