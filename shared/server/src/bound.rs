//! A service that listens: serves until it is stopped, then drains.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::future::{BoxFuture, OptionFuture};
use orchard_rpc::supervise;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic_health::ServingStatus;

use crate::admin;
use crate::health::{self, LIVENESS, Readiness};
use crate::identity::Verifier;
use crate::limits::FLUSH;
use crate::listener::Listener;
use crate::telemetry::metrics::{self, Gauges};

/// A service that holds its ports.
pub struct Bound {
    pub(crate) name: &'static str,
    pub(crate) router: Router,
    pub(crate) web: Option<WebBound>,
    pub(crate) readiness: Readiness,
    pub(crate) gauges: Vec<Gauges>,
    pub(crate) reflects: bool,
    pub(crate) background: Vec<BoxFuture<'static, ()>>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) address: SocketAddr,
    pub(crate) admin_address: SocketAddr,
    pub(crate) listener: Listener,
    pub(crate) admin_listener: Listener,
    pub(crate) calls: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) drain_wait: Duration,
    pub(crate) drain_limit: Duration,
}

/// The port for browsers.
pub(crate) struct WebBound {
    pub(crate) address: SocketAddr,
    pub(crate) listener: Listener,
    pub(crate) router: Router,
}

impl Bound {
    /// Returns the address that serves browsers, if there is one.
    pub fn web_address(&self) -> Option<SocketAddr> {
        self.web.as_ref().map(|web| web.address)
    }

    /// Returns the address that serves calls.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address that serves health and metrics.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Serves until `stop` ends, then drains: turns not ready, waits, takes no new calls, and lets open calls end within the limit.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", ServingStatus::NotServing).await;
        reporter.set_service_status(LIVENESS, ServingStatus::Serving).await;
        let web = self.web_address().map(tracing::field::display);
        tracing::info!(service = self.name, address = %self.address, web, admin = %self.admin_address, "listening");
        // Neither shed nor drained: health is served to the end.
        let admin = admin::router(health, self.gauges, self.reflects);
        let mut admin = std::pin::pin!(self.admin_listener.serve(admin, CancellationToken::new()));
        let mut upkeep = std::pin::pin!(metrics::keep_up());
        let web = self.web.map(|web| web.listener.serve(web.router, self.stop.clone()));
        let calls = self.listener.serve(self.router, self.stop.clone());
        let mut serve = std::pin::pin!(async move {
            tokio::join!(calls, OptionFuture::from(web));
        });
        let mut background = JoinSet::new();
        for task in self.background {
            background.spawn(task);
        }
        // Runs while calls are open: a call may wait for a key.
        let mut keys = std::pin::pin!(supervise("keep keys", || self.verifier.keep()));

        tokio::select! {
            () = &mut serve => {}
            () = &mut admin => {}
            never = &mut keys => match never {},
            () = health::watch(reporter.clone(), self.readiness) => {}
            never = &mut upkeep => match never {},
            // The last resort: tasks supervise themselves.
            Some(ended) = background.join_next() => tracing::error!(?ended, "a background task ended"),
            () = stop => {}
        }
        tracing::info!(service = self.name, "draining");
        reporter.set_service_status("", ServingStatus::NotServing).await;
        let drained = async {
            tokio::time::sleep(self.drain_wait).await;
            self.stop.cancel();
            self.calls.close();
            // Waits for the calls and not for `serve`: a client that keeps an idle connection open must not delay the end.
            if timeout(self.drain_limit, self.calls.wait()).await.is_err() {
                tracing::warn!(calls = self.calls.len(), "stopping with calls still open");
            }
        };
        tokio::select! {
            () = drained => {}
            () = &mut serve => return,
            () = &mut admin => {}
            never = &mut upkeep => match never {},
            never = &mut keys => match never {},
        }
        let _ = timeout(FLUSH, serve).await;
    }
}
