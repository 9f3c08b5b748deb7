//! Whether the service can serve, as `grpc.health.v1` tells it.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::identity::Verifier;

/// The health of this name is `SERVING` from start to end: whoever restarts what is not alive must not restart what only waits for
/// its database, or drains.
pub const LIVENESS: &str = "liveness";
/// How often readiness is looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// Longest that it may take to know.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks what a service cannot work without; an error says what is missing.
pub type Readiness = Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// Needs keys to tell callers by, and what the service itself needs.
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
