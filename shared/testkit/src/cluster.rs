//! A private PostgreSQL on 127.0.0.1, for `cargo xtask up` and for tests, without touching one that the machine may run.
//!
//! Runs as an ordinary user and as root (then the server runs as `postgres` or `nobody`). Needs `setpriv` of util-linux, which
//! has the server end with this process. Nothing here needs an async runtime, and nothing is disturbed by one.

mod connect;
mod error;
mod place;
mod port;
pub mod process;
mod server;
mod shared;
mod tools;
mod user;
mod watchdog;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

pub use self::error::ClusterError;
use self::error::Doing as _;
use self::place::Place;
pub use self::port::free_port;
use self::process::{Process, Signal};
use self::server::Server;
pub use self::server::tail;
pub use self::shared::{TEST_DATABASE_URL, scratch, shared};
pub use self::tools::Tools;
use self::user::RunAs;
use self::watchdog::Watchdog;

/// The oldest major version of PostgreSQL that the suite runs on.
pub const MINIMUM_MAJOR: u32 = 15;

const FAST_SHUTDOWN: Duration = Duration::from_secs(30);
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(5);

/// How a cluster is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether what was committed survives a loss of power.
    pub durable: bool,
    /// Connections at the same time.
    pub max_connections: u16,
    /// The port; absent for one that is free.
    pub port: Option<u16>,
}

impl Options {
    /// For data that is to stay.
    pub fn durable() -> Self {
        Self { durable: true, max_connections: 200, port: None }
    }

    /// For tests: fast, and wide enough for many at once.
    pub fn test() -> Self {
        Self { durable: false, max_connections: 300, port: None }
    }
}

/// A running PostgreSQL server of one's own. Dropping it stops the server; a temporary one is removed, too.
#[derive(Debug)]
pub struct Cluster {
    process: Option<Process>,
    port: u16,
    server: Server,
    // Last, as fields are dropped in order: it removes the files, which the lock in `server` protects.
    _watchdog: Option<Watchdog>,
}

impl Cluster {
    /// Starts the cluster in `dir`, making it when the folder is absent or empty.
    pub fn create_or_open(tools: &Tools, dir: &Path, options: Options) -> Result<Self, ClusterError> {
        Self::open(tools, dir, options, None)
    }

    /// Starts a new cluster in a fresh folder below `parent`, or below /var/tmp where the user that runs the server cannot enter
    /// it. It is removed with the value, and at the latest with the process.
    pub fn temporary(tools: &Tools, parent: &Path, options: Options) -> Result<Self, ClusterError> {
        let name = format!("orchard-pg-{}-{}", std::process::id(), &Uuid::new_v4().simple().to_string()[..8]);
        std::fs::create_dir_all(parent).on("create", parent)?;
        let dir = std::fs::canonicalize(parent).on("find", parent)?.join(name);
        let watchdog = Watchdog::set(&dir).doing(|| "run sh".to_owned())?;
        Self::open(tools, &dir, options, Some(watchdog))
    }

    fn open(tools: &Tools, dir: &Path, options: Options, watchdog: Option<Watchdog>) -> Result<Self, ClusterError> {
        let run_as = RunAs::detect()?;
        let place = Place::claim(dir, &run_as)?;
        let tools = tools.clone().or_those_of(&place.data());
        let server = Server::prepare(tools, run_as, place, options)?;
        let (process, port) = server.start(options.port)?;
        Ok(Self { process: Some(process), port, server, _watchdog: watchdog })
    }

    /// Removes a stopped cluster, wherever its files are. What is no cluster is left alone.
    pub fn remove(dir: &Path) -> Result<(), ClusterError> {
        Place::remove(dir, &RunAs::detect()?)
    }

    /// The superuser's URL of a database, such as `postgres`.
    pub fn url(&self, database: &str) -> String {
        url_of(&self.server.password, self.port, database)
    }

    /// The port on 127.0.0.1; the same for the whole life of the value.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The id of the server's first process, the parent of all its others. `None` while it is stopped.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The file that the server writes its log to.
    pub fn log(&self) -> PathBuf {
        self.server.place.log()
    }

    /// The server's major version: that of the data where its binaries are installed, else that of those it was opened with.
    pub fn major(&self) -> u32 {
        self.server.tools.major()
    }

    /// Something that the user should know, such as that the files lie in another folder.
    pub fn note(&self) -> Option<&str> {
        self.server.place.note()
    }

    /// How the server ended, if it ended by itself: what it said last. `None` while it runs.
    pub fn failure(&mut self) -> Option<String> {
        let ended = self.process.as_mut()?.ended().ok()??;
        Some(format!("PostgreSQL ended ({ended}); its last lines were:\n{}", tail(&self.server.place.log(), 15)))
    }

    /// Stops the server and leaves the data clean, ending open connections.
    pub fn stop(&mut self) -> Result<(), ClusterError> {
        self.end(Signal::INT, FAST_SHUTDOWN)
    }

    /// Ends the server at once, as a crash would: the next start recovers from the log.
    pub fn kill(&mut self) -> Result<(), ClusterError> {
        self.end(Signal::QUIT, IMMEDIATE_SHUTDOWN)
    }

    /// Sends the server's first process a signal and does not wait, such as `TERM`, which ends it once its sessions have ended.
    pub fn signal(&mut self, signal: Signal) -> Result<(), ClusterError> {
        self.process.as_mut().map_or(Ok(()), |process| process.signal(signal)).doing(|| "signal PostgreSQL".to_owned())
    }

    fn end(&mut self, signal: Signal, grace: Duration) -> Result<(), ClusterError> {
        if let Some(mut process) = self.process.take() {
            process.end(signal, grace).doing(|| "stop PostgreSQL".to_owned())?;
        }
        Ok(())
    }

    /// Starts a stopped or killed server again, on the same port. One that runs is left running.
    pub fn start(&mut self) -> Result<(), ClusterError> {
        if self.process.is_none() || self.failure().is_some() {
            self.process = None;
            let (process, _) = self.server.start(Some(self.port))?;
            self.process = Some(process);
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A destructor has nobody to tell, and the server ends with this process in any case.
        let _ = self.stop();
    }
}

fn url_of(password: &str, port: u16, database: &str) -> String {
    format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
}

/// 128 random bits, in letters that no URL, SQL string or shell needs to escape.
pub fn random_hex() -> Result<String, ClusterError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| std::io::Error::other(error.to_string()))
        .doing(|| "get random bytes".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
