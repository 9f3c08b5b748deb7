//! Waits until the services say that they serve.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::ports::Ports;
use crate::output::Progress;
use crate::project::{EDGE, SLICES};

const LIMIT: Duration = Duration::from_secs(60);
const ATTEMPT_LIMIT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// Waits for all of them.
pub async fn wait(ports: Ports, progress: &Progress) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    for service in SLICES.into_iter().chain([EDGE]) {
        loop {
            let Err(state) = ask(ports.admin_of(service)).await else { break };
            if Instant::now() > deadline {
                bail!("{service} does not serve after {} s: {state} (log: target/orchard/up/{service}.log)", LIMIT.as_secs());
            }
            tokio::time::sleep(PAUSE).await;
        }
        progress.step(&format!("{service} serves on 127.0.0.1:{}", ports.of(service)));
    }
    Ok(())
}

/// Asks once, for the service as a whole.
pub async fn ask(port: u16) -> Result<(), String> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).map_err(|error| error.to_string())?;
    let endpoint = endpoint.connect_timeout(ATTEMPT_LIMIT).timeout(ATTEMPT_LIMIT);
    let channel = endpoint.connect().await.map_err(|_| format!("nothing answers on 127.0.0.1:{port}"))?;
    let answer = HealthClient::new(channel).check(HealthCheckRequest { service: String::new() }).await;
    match answer {
        Ok(response) if response.get_ref().status() == ServingStatus::Serving => Ok(()),
        Ok(response) => Err(format!("its health is {}", response.get_ref().status().as_str_name())),
        Err(status) => Err(format!("its health answers {}", status.message())),
    }
}
