//! Services as they are deployed, each a process of its own: what they log, send and count is theirs alone.
//!
//! The program is the test's own executable, run again for one of its tests, which is ignored otherwise:
//!
//! ```ignore
//! #[test]
//! #[ignore = "is the program of other tests"]
//! fn program() {
//!     if let Some(name) = orchard_testkit::program::name() { /* its main */ }
//! }
//! ```

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tonic_health::ServingStatus;

use crate::keys::DevKeys;
use crate::service::{free_address, healthy};

/// The environment variable that says which program a process is.
const NAME: &str = "ORCHARD_TEST_PROGRAM";
/// Longest that a program may take to end.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Which program this process is, if it is one.
pub fn name() -> Option<String> {
    std::env::var(NAME).ok()
}

/// What runs the test `test` of this executable, such as `telemetry::program`, as the program `name`. It is killed when it is dropped.
pub fn command(test: &str, name: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).env(NAME, name);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Asks a program to end.
pub fn terminate(program: &Child) -> anyhow::Result<()> {
    let pid = program.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).context("it runs")?;
    Ok(kill_process(pid, Signal::TERM)?)
}

/// A program that runs. It is killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    /// Where it serves calls.
    pub address: SocketAddr,
    /// Where it serves health and metrics.
    pub admin_address: SocketAddr,
    child: Child,
    said: JoinSet<std::io::Result<String>>,
}

impl Program {
    /// Runs the test `test` of this executable, such as `telemetry::program`, as the program `name`, and waits until it is healthy.
    pub async fn start(test: &str, name: &str, keys: &DevKeys, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let (address, admin_address) = (free_address(), free_address());
        let mut command = self::command(test, name)?;
        command.env("ORCHARD_LISTEN", address.to_string()).env("ORCHARD_ADMIN_LISTEN", admin_address.to_string());
        command.env("ORCHARD_USER_JWKS_FILE", keys.user_jwks_file());
        command.env("ORCHARD_WORKLOAD_JWKS_FILE", keys.workload_jwks_file());
        command.env("ORCHARD_DRAIN_WAIT", "0s").env("OTEL_BSP_SCHEDULE_DELAY", "50");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn()?;
        let mut stderr = child.stderr.take().context("its stderr")?;
        let said = async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.map(|_| text)
        };
        let said = JoinSet::from_iter([said]);
        healthy(admin_address, ServingStatus::Serving).await?;
        Ok(Self { address, admin_address, child, said })
    }

    /// Its process.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("it runs")
    }

    /// Asks it to stop, and gives what it has logged in its life.
    pub async fn stop(mut self) -> anyhow::Result<String> {
        terminate(&self.child)?;
        let ended = tokio::time::timeout(END_LIMIT, self.child.wait()).await.context("it does not end")??;
        let said = self.said.join_next().await.context("what it said")???;
        ensure!(ended.success(), "it ended with {ended}:\n{said}");
        Ok(said)
    }
}
