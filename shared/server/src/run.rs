//! Binds, serves, drains.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::middleware::from_fn_with_state;
use futures::future::BoxFuture;
use orchard_tls::ListenerTls;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::RoutesBuilder;

use crate::access::{AccessTable, REFLECTIONS};
use crate::deadline::Deadlines;
use crate::guard::Guard;
use crate::health::{self, LIVENESS, Readiness};
use crate::identity::Verifier;
use crate::listener::{Listener, Versions};
use crate::shed::Room;
use crate::steps::{self, Steps};
use crate::telemetry::call::Methods;
use crate::telemetry::metrics::{self, Gauges};
use crate::{ServeOptions, admin, errors, reflection};

/// What connections get to send their last frames once no call is open.
pub(crate) const FLUSH: Duration = Duration::from_millis(200);

/// A service that is put together and not yet listening.
pub struct Server {
    /// Such as `family`; statuses come from the domain `orchard.family`.
    pub name: &'static str,
    /// An encoded descriptor set that has what it serves.
    pub contracts: &'static [u8],
    /// Packages, or single services, whose methods it serves.
    pub served: Vec<&'static str>,
    /// Whether it is a front door: then methods that only services may call do not exist here.
    pub front_door: bool,
    /// The gRPC services.
    pub routes: RoutesBuilder,
    /// Where calls go for which `routes` has no service; nowhere unless the service is a front door.
    pub fallback: Option<axum::Router>,
    /// What it cannot work without.
    pub readiness: Readiness,
    /// Metrics of its own that are read when somebody looks.
    pub gauges: Vec<Gauges>,
    /// What it does unasked while it serves. It is dropped, wherever it is, when the calls are over.
    pub background: Vec<BoxFuture<'static, ()>>,
    /// Calls at work at once, unless its options say.
    pub max_calls: usize,
}

/// A service that has its ports.
pub struct Bound {
    name: &'static str,
    router: axum::Router,
    readiness: Readiness,
    gauges: Vec<Gauges>,
    background: Vec<BoxFuture<'static, ()>>,
    verifier: Arc<Verifier>,
    address: SocketAddr,
    admin_address: SocketAddr,
    listener: Listener,
    admin_listener: Listener,
    calls: TaskTracker,
    stop: CancellationToken,
    drain_wait: Duration,
    drain_limit: Duration,
}

impl Server {
    /// Checks the contracts and keys, and takes the ports.
    pub async fn bind(self, options: &ServeOptions) -> anyhow::Result<Bound> {
        // Whatever is registered before there is a recorder is lost.
        metrics::recorder();
        let mut access = AccessTable::from_descriptors(self.contracts, &self.served)?;
        if self.front_door {
            access = access.without_service_only();
        }
        let mut routes = self.routes;
        if options.reflection {
            reflection::add(&mut routes, self.contracts, &access)?;
        }
        let access = Arc::new(access);
        let domain: Arc<str> = format!("orchard.{}", self.name).into();
        // Around the service's own methods only: what a slice behind an edge says has its reason.
        let explain = from_fn_with_state(Arc::clone(&domain), errors::explain);
        let mut router = routes.routes().into_axum_router().layer(explain);
        if let Some(fallback) = self.fallback {
            router = router.fallback_service(fallback);
        }
        let methods = Methods::new(access.paths().chain(REFLECTIONS.into_iter().filter(|_| options.reflection)));
        let (calls, stop) = (TaskTracker::new(), CancellationToken::new());
        let limits = &options.limits;
        let deadlines = Deadlines {
            domain: Arc::clone(&domain),
            access: Arc::clone(&access),
            call_limit: limits.call_limit,
            stream_limit: limits.stream_limit,
            stop: stop.clone(),
        };
        let verifier = Arc::new(Verifier::load(&options.identity).await?);
        let tls = ListenerTls::load(&options.tls)?;
        let guard = Guard {
            domain: Arc::clone(&domain),
            access: Arc::clone(&access),
            verifier: Arc::clone(&verifier),
            reflection: options.reflection,
        };
        let max_calls = limits.max_calls.map_or(self.max_calls, usize_of);
        let room = Room::new(Arc::clone(&domain), access, max_calls, usize_of(limits.max_streams));
        let steps = Steps { calls: calls.clone(), methods, domain, deadlines, guard, room };
        let bind =
            async |address: SocketAddr| TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"));
        let (listener, admin_listener) = (bind(options.listen).await?, bind(options.admin_listen).await?);
        Ok(Bound {
            name: self.name,
            router: router.layer(from_fn_with_state(Arc::new(steps), steps::through)),
            gauges: self.gauges,
            readiness: health::both(Arc::clone(&verifier), self.readiness),
            verifier,
            background: self.background,
            address: listener.local_addr()?,
            admin_address: admin_listener.local_addr()?,
            listener: Listener::new(listener, tls, limits, Versions::Http2),
            // Always in the clear: what probes it, knows no certificates.
            admin_listener: Listener::new(admin_listener, None, limits, Versions::Any),
            calls,
            stop,
            drain_wait: limits.drain_wait,
            drain_limit: limits.drain_limit,
        })
    }
}

impl Bound {
    /// Where calls are served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health is served.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Serves until `stop` ends, then drains: not ready, wait, no new calls, the open ones to their end or the limit.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        reporter.set_service_status(LIVENESS, tonic_health::ServingStatus::Serving).await;
        tracing::info!(service = self.name, address = %self.address, admin = %self.admin_address, "listening");
        // Neither shed nor drained: health is told to the end.
        let admin = admin::router(health, self.gauges);
        let mut admin = std::pin::pin!(self.admin_listener.serve(admin, CancellationToken::new()));
        let mut added_up = std::pin::pin!(metrics::keep_added_up());
        let mut serve = std::pin::pin!(self.listener.serve(self.router, self.stop.clone()));
        let mut background = JoinSet::new();
        for work in self.background {
            background.spawn(work);
        }
        // As long as calls are answered: one may wait for a key.
        let mut keys = std::pin::pin!(self.verifier.keep());

        tokio::select! {
            () = &mut serve => {}
            () = &mut admin => {}
            () = &mut keys => {}
            () = health::watch(reporter.clone(), self.readiness) => {}
            never = &mut added_up => match never {},
            Some(ended) = background.join_next() => tracing::error!(?ended, "what must go on has ended"),
            () = stop => {}
        }
        tracing::info!(service = self.name, "draining");
        reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        let drained = async {
            tokio::time::sleep(self.drain_wait).await;
            self.stop.cancel();
            self.calls.close();
            // A client that hangs on to an idle connection must not hold the end up, so the calls are waited for, not `serve`.
            if timeout(self.drain_limit, self.calls.wait()).await.is_err() {
                tracing::warn!(calls = self.calls.len(), "ended with calls open");
            }
        };
        tokio::select! {
            () = drained => {}
            () = &mut serve => return,
            () = &mut admin => {}
            never = &mut added_up => match never {},
            () = &mut keys => {}
        }
        let _ = timeout(FLUSH, serve).await;
    }
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
