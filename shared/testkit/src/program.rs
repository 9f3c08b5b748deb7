//! Services that run as processes of their own, so that their logs, spans and metrics are theirs alone.

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

/// Set in the environment of a test executable that runs as a program.
const MARK: &str = "ORCHARD_TEST_PROGRAM";
/// Longest time that a program may take to end.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Returns a command that runs this executable again, as a program: its ignored test `test`, such as `telemetry::program`.
///
/// ```ignore
/// #[test]
/// #[ignore = "other tests run it as a program"]
/// fn program() {
///     if orchard_testkit::program::is_program() { /* serve until a signal */ }
/// }
/// ```
pub fn itself(test: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).env(MARK, "1");
    Ok(command)
}

/// Whether this process was started by [`itself`]'s command, and not by someone who runs ignored tests.
pub fn is_program() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Sends SIGTERM to a process.
pub fn terminate(process: &Child) -> anyhow::Result<()> {
    let pid = process.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).context("the process has ended")?;
    Ok(kill_process(pid, Signal::TERM)?)
}

/// A running service. It is killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    /// Where it serves calls.
    pub address: SocketAddr,
    /// Where it serves health and metrics.
    pub admin_address: SocketAddr,
    /// Its process.
    pub child: Child,
    log: JoinSet<std::io::Result<String>>,
}

impl Program {
    /// Runs a service's `serve` command with development keys and these settings, and waits until it is healthy.
    pub async fn start(mut command: Command, keys: &DevKeys, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let (address, admin_address) = (free_address(), free_address());
        command.env("ORCHARD_LISTEN", address.to_string()).env("ORCHARD_ADMIN_LISTEN", admin_address.to_string());
        command.env("ORCHARD_USER_JWKS_FILE", keys.user_jwks_file());
        command.env("ORCHARD_WORKLOAD_JWKS_FILE", keys.workload_jwks_file());
        command.env("ORCHARD_TOKEN_KEYS_FILE", keys.token_keys_file());
        command.env("ORCHARD_DRAIN_WAIT", "0s").env("OTEL_BSP_SCHEDULE_DELAY", "50");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut stderr = child.stderr.take().context("stderr is piped")?;
        let log = async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.map(|_| text)
        };
        let log = JoinSet::from_iter([log]);
        healthy(admin_address, ServingStatus::Serving).await?;
        Ok(Self { address, admin_address, child, log })
    }

    /// Stops the service by SIGTERM and returns what it has logged since its start.
    pub async fn stop(mut self) -> anyhow::Result<String> {
        terminate(&self.child)?;
        let ended = tokio::time::timeout(END_LIMIT, self.child.wait()).await.context("the program does not end")??;
        let log = self.log.join_next().await.context("one task reads the log")???;
        ensure!(ended.success(), "the program ended with {ended}:\n{log}");
        Ok(log)
    }
}
