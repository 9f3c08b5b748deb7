//! The service's health, as `grpc.health.v1` reports it.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::identity::Verifier;

/// The health service name that is `SERVING` from start to end, for liveness probes: a service that waits for its database or drains must
/// not be restarted.
pub const LIVENESS: &str = "liveness";
/// How often readiness is checked.
const INTERVAL: Duration = Duration::from_secs(1);
/// Time limit of a check.
const LIMIT: Duration = Duration::from_secs(5);

/// Checks what a service cannot work without. An error says what is missing.
pub type Readiness = Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// Requires keys to verify tokens, and what the service itself requires.
pub(crate) fn both(verifier: Arc<Verifier>, readiness: Readiness) -> Readiness {
    Box::new(move || {
        let (verifier, rest) = (Arc::clone(&verifier), readiness());
        async move {
            verifier.ready().await?;
            rest.await
        }
        .boxed()
    })
}

/// Reports readiness until dropped.
pub(crate) async fn watch(reporter: HealthReporter, readiness: Readiness) {
    let mut ticks = tokio::time::interval(INTERVAL);
    let mut last = None;
    loop {
        ticks.tick().await;
        let asked = tokio::time::timeout(LIMIT, readiness()).await;
        let ready = asked.unwrap_or_else(|_late| Err(anyhow::anyhow!("no answer within {LIMIT:?}")));
        metrics::gauge!("orchard_ready").set(f64::from(u8::from(ready.is_ok())));
        if last != Some(ready.is_ok()) {
            match &ready {
                Ok(()) => tracing::info!("ready"),
                Err(cause) => tracing::warn!(cause = format!("{cause:#}"), "not ready"),
            }
            let status = if ready.is_ok() { ServingStatus::Serving } else { ServingStatus::NotServing };
            reporter.set_service_status("", status).await;
            last = Some(ready.is_ok());
        }
    }
}
