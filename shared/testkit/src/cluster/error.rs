//! Why there is no private PostgreSQL: one clear line each, with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a cluster could not be found, made, opened or started.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No server binaries anywhere.
    #[error("PostgreSQL {MINIMUM} or newer is not installed: no `initdb` and `postgres` in PATH, /usr/lib/postgresql or /usr/pgsql-*",
        MINIMUM = super::MINIMUM_MAJOR)]
    Missing,

    /// Server binaries, but only old ones.
    #[error("PostgreSQL {MINIMUM} or newer is needed; {} holds {found}", bin.display(), MINIMUM = super::MINIMUM_MAJOR)]
    TooOld {
        /// The newest major version that was found.
        found: u32,
        /// Where it is.
        bin: PathBuf,
    },

    /// Running as root without anybody to run the server as.
    #[error("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as")]
    NoServerUser,

    /// The folder holds something else.
    #[error("{} is not empty and is no cluster of this project: nothing in it was touched; name another folder", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
    },

    /// The data was written by another major version.
    #[error("the data in {} is PostgreSQL {found}'s, but PostgreSQL {wanted} is installed: begin anew with `--fresh`, or install {found}",
        dir.display())]
    OtherVersion {
        /// The folder.
        dir: PathBuf,
        /// Major version of the data.
        found: String,
        /// Major version of the binaries.
        wanted: u32,
    },

    /// Another process serves the folder.
    #[error("{} is in use: another `cargo xtask up` is running on it; stop that one first", dir.display())]
    AlreadyRunning {
        /// The folder.
        dir: PathBuf,
    },

    /// Somebody else's files, which this user cannot read or the server must not use.
    #[error("{} belongs to another user (did this run with sudo before?): run it as that user, or remove the folder as root",
        dir.display())]
    OtherUser {
        /// The folder.
        dir: PathBuf,
    },

    /// The server ends by itself.
    #[error("PostgreSQL cannot start on {}; its last lines were:\n{log}\nOnly if they say that the data itself is damaged: \
        begin anew with `--fresh`", dir.display())]
    Broken {
        /// The folder.
        dir: PathBuf,
        /// The end of the server's log.
        log: String,
    },

    /// The wanted port is in use.
    #[error("port {port} on 127.0.0.1 is in use")]
    PortTaken {
        /// The port.
        port: u16,
    },

    /// `initdb` failed.
    #[error("initdb failed in {}:\n{log}", dir.display())]
    Initdb {
        /// The folder.
        dir: PathBuf,
        /// What it said.
        log: String,
    },

    /// The server runs but takes no connection.
    #[error("PostgreSQL does not accept connections after {seconds} s ({cause}); its last lines were:\n{log}")]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// What the last attempt to connect met.
        cause: String,
        /// The end of the server's log.
        log: String,
    },

    /// The operating system refused something.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// Says what was being done when the operating system refused.
pub(super) trait Doing<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, ClusterError>;

    fn on(self, verb: &str, path: &Path) -> Result<T, ClusterError>
    where
        Self: Sized,
    {
        self.doing(|| format!("{verb} {}", path.display()))
    }
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::Io { doing: doing(), source })
    }
}
