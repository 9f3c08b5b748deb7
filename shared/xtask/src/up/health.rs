//! Waits until the services are healthy.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::ports::Ports;
use crate::output::Progress;
use crate::project::SERVICES;

const LIMIT: Duration = Duration::from_secs(60);
const ATTEMPT_LIMIT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// Waits for all services.
pub async fn wait(ports: Ports, progress: &Progress) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    for service in SERVICES {
        loop {
            let Err(state) = ask(ports.admin_of(service)).await else { break };
            if Instant::now() > deadline {
                bail!("{service} does not serve after {} s: {state:#} (log: target/orchard/up/{service}.log)", LIMIT.as_secs());
            }
            tokio::time::sleep(PAUSE).await;
        }
        progress.step(&format!("{service} serves on 127.0.0.1:{}", ports.of(service)));
    }
    Ok(())
}

/// Asks one service once.
pub async fn ask(port: u16) -> Result<()> {
    orchard_server::ask((Ipv4Addr::LOCALHOST, port).into(), ATTEMPT_LIMIT).await
}
