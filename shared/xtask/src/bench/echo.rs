//! A server that returns each request, by tonic alone: the least that a call can cost.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use orchard_testkit::cluster::free_port;
use orchard_testkit::cluster::process::{Process, Signal, bound};
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::probe_service_server::ProbeServiceServer;
use tonic::Request;
use tonic::transport::Server;

use super::load::Channels;

const POLL: Duration = Duration::from_millis(5);

/// Return each request to its caller.
#[derive(clap::Args)]
pub struct Args {
    /// Port on 127.0.0.1.
    port: u16,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode> {
    // The services use the same kind of runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let echo = Probe::new(|request: Request<String>| async move { Ok(request.into_inner()) });
    let server = Server::builder().tcp_nodelay(true).add_service(ProbeServiceServer::new(echo));
    runtime.block_on(server.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port))))?;
    Ok(ExitCode::SUCCESS)
}

/// The server's process, which ends when this is dropped.
#[derive(Debug)]
pub struct EchoServer(Process);

impl EchoServer {
    /// Starts `program`, a copy of this one, as the server and connects to it.
    pub async fn start(program: &Path) -> Result<(Self, Channels)> {
        let port = free_port()?;
        let mut command = bound(program, "KILL");
        command.arg("echo").arg(port.to_string()).stdin(Stdio::null());
        let mut process = Process::spawn(command).context("cannot start the echo")?;
        loop {
            match Channels::to(port).await {
                Ok(channels) => return Ok((Self(process), channels)),
                Err(error) if process.ended()?.is_some() => return Err(error.context("the echo ended")),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        // It ends with this process in any case.
        let _ = self.0.end(Signal::KILL, Duration::from_secs(1));
    }
}
