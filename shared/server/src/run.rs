//! Binds, serves, drains.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::{Routes, RoutesBuilder};
use tonic::transport::server::TcpIncoming;
use tower::ServiceBuilder;

use crate::access::AccessTable;
use crate::guard::{Guard, guard};
use crate::health::{self, Readiness};
use crate::identity::Verifier;
use crate::{ServeOptions, calls, deadline, errors, reflection, telemetry};

/// A peer that is silent this long is asked whether it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Calls that were given up before they were looked at, until a connection counts as an attack and ends. At h2's own 20, a few dozen
/// callers who hang up take an edge's connection away from everybody else.
const RESETS: usize = 1_000;
/// What connections get to send their last frames once no call is open.
const FLUSH: Duration = Duration::from_millis(200);

/// A service that is put together and not yet listening.
pub struct Server {
    /// Such as `family`; statuses come from the domain `orchard.family`.
    pub name: &'static str,
    /// An encoded descriptor set that has those packages.
    pub contracts: &'static [u8],
    /// Packages whose methods it serves.
    pub packages: Vec<&'static str>,
    /// Whether it is a front door: then methods that only services may call do not exist here.
    pub front_door: bool,
    /// The gRPC services.
    pub routes: RoutesBuilder,
    /// Where calls go for which `routes` has no service; nowhere unless the service is a front door.
    pub fallback: Option<axum::Router>,
    /// What it cannot work without.
    pub readiness: Readiness,
}

/// A service that has its ports.
pub struct Bound {
    name: &'static str,
    router: axum::Router,
    readiness: Readiness,
    listener: TcpListener,
    admin_listener: TcpListener,
    calls: TaskTracker,
    drain_wait: Duration,
    drain_limit: Duration,
}

impl Server {
    /// Checks the contracts and keys, and takes the ports.
    pub async fn bind(self, options: &ServeOptions) -> anyhow::Result<Bound> {
        let mut access = AccessTable::from_descriptors(self.contracts, &self.packages)?;
        if self.front_door {
            access = access.without_service_only();
        }
        let mut routes = self.routes;
        if options.reflection {
            reflection::add(&mut routes, self.contracts, &access)?;
        }
        let domain: Arc<str> = format!("orchard.{}", self.name).into();
        // Around the service's own methods only: what a slice behind an edge says has its reason.
        let explain = from_fn_with_state(Arc::clone(&domain), errors::explain);
        let mut router = routes.routes().into_axum_router().layer(explain);
        if let Some(fallback) = self.fallback {
            router = router.fallback_service(fallback);
        }
        let guarded = Arc::new(Guard {
            domain: domain.to_string(),
            access,
            verifier: Verifier::load(options)?,
            reflection: options.reflection,
        });
        let calls = TaskTracker::new();
        // Read top to bottom: the first sees a call first and its answer last.
        let layers = ServiceBuilder::new()
            // Until its last byte is handed over a call is open, and a drain waits for it.
            .layer(from_fn_with_state(calls.clone(), calls::count))
            .layer(telemetry::trace())
            // Inside the trace, so that a panic is logged within its call's span.
            .layer(from_fn_with_state(Arc::clone(&domain), errors::catch_panics))
            .layer(from_fn_with_state(domain, deadline::keep))
            // Load shedding belongs here: before the work of verifying a token.
            .layer(from_fn_with_state(guarded, guard));
        let bind =
            async |address: SocketAddr| TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"));
        Ok(Bound {
            name: self.name,
            router: router.layer(layers),
            readiness: self.readiness,
            listener: bind(options.listen).await?,
            admin_listener: bind(options.admin_listen).await?,
            calls,
            drain_wait: options.drain_wait,
            drain_limit: options.drain_limit,
        })
    }
}

impl Bound {
    /// Where calls are served.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Where health is served.
    pub fn admin_address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.admin_listener.local_addr()?)
    }

    /// Serves until `stop` ends, then drains: not ready, wait, no new calls, the open ones to their end or the limit.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        tracing::info!(service = self.name, address = %self.address()?, admin = %self.admin_address()?, "listening");
        let admin = tonic::transport::Server::builder().add_service(health).serve_with_incoming(incoming(self.admin_listener));
        let drain = CancellationToken::new();
        let serve = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(KEEP_ALIVE))
            .http2_max_pending_accept_reset_streams(Some(RESETS))
            .add_routes(Routes::from(self.router))
            .serve_with_incoming_shutdown(incoming(self.listener), drain.clone().cancelled_owned());
        let mut serve = std::pin::pin!(serve);
        let mut admin = std::pin::pin!(admin);

        tokio::select! {
            ended = &mut serve => return ended.context("serving ended"),
            ended = &mut admin => return ended.context("serving health ended"),
            () = health::watch(reporter.clone(), self.readiness) => {}
            () = stop => {}
        }
        tracing::info!(service = self.name, "draining");
        reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        // A client that hangs on to an idle connection must not hold the end up, so the calls are waited for, not `serve`.
        let last_call = async {
            tokio::time::sleep(self.drain_wait).await;
            drain.cancel();
            self.calls.close();
            if timeout(self.drain_limit, self.calls.wait()).await.is_err() {
                tracing::warn!(calls = self.calls.len(), "ended with calls open");
            }
        };
        let served = tokio::select! {
            () = last_call => false,
            _ = &mut serve => true,
            _ = &mut admin => false,
        };
        if !served {
            let _ = timeout(FLUSH, serve).await;
        }
        Ok(())
    }
}

/// Answers leave as they are written: they are small, and Nagle's algorithm would wait for more.
fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}
