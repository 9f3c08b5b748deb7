//! A service before it listens: its contracts, its routes and the steps that every call takes.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::middleware::from_fn_with_state;
use futures::future::BoxFuture;
use orchard_rpc::zone;
use orchard_tls::ListenerTls;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::RoutesBuilder;

use crate::access::{AccessTable, REFLECTION_PATHS};
use crate::bound::{Bound, WebBound};
use crate::deadline::Deadlines;
use crate::guard::Guard;
use crate::health::{self, Readiness};
use crate::identity::Verifier;
use crate::listener::{Listener, Versions};
use crate::options::ServeOptions;
use crate::rates::{RateOptions, Rates};
use crate::shares::Percentages;
use crate::shed::Capacity;
use crate::steps::{self, Steps};
use crate::telemetry::call::Methods;
use crate::telemetry::metrics::{self, Gauges};
use crate::web::{self, Web};
use crate::{errors, reflection};

/// A service that is configured but does not listen yet.
pub struct Server {
    /// The service's name, such as `family`. Its statuses come from the domain `orchard.family`.
    pub name: &'static str,
    /// The encoded descriptor set that defines the served methods.
    pub contracts: &'static [u8],
    /// Full names of the packages or single services that are served.
    pub served: Vec<&'static str>,
    /// Whether the service is a front door, which hides methods that only services may call.
    pub front_door: bool,
    /// The gRPC services.
    pub routes: RoutesBuilder,
    /// Receives calls that `routes` has no service for. Only a front door has one.
    pub fallback: Option<Router>,
    /// How often callers and addresses may call. Only a front door limits that: services call each other as often as they need.
    pub rates: Option<RateOptions>,
    /// The port for browsers. Only a front door has one.
    pub web: Option<Web>,
    /// Checks what the service cannot work without.
    pub readiness: Readiness,
    /// Gauges of the service that are set before each scrape.
    pub gauges: Vec<Gauges>,
    /// Tasks that run while the service serves. They are dropped, wherever they are, once all calls have ended.
    pub background: Vec<BoxFuture<'static, ()>>,
    /// The number of calls served at once, unless the options set it.
    pub max_calls: usize,
}

impl Server {
    /// Checks the contracts and keys, and opens the ports.
    pub async fn bind(mut self, options: &ServeOptions) -> anyhow::Result<Bound> {
        // Metrics that are registered before a recorder is installed are lost.
        metrics::install();
        if let Some(folder) = &options.zoneinfo {
            zone::use_folder(folder)?;
        }
        let mut access = AccessTable::from_descriptors(self.contracts, &self.served)?;
        if self.front_door {
            access = access.without_service_only();
        }
        if options.reflection {
            reflection::add(&mut self.routes, self.contracts, &access)?;
        }
        let domain: Arc<str> = format!("orchard.{}", self.name).into();
        // Wraps the service's own methods only: statuses of slices behind a front door are explained already.
        let explain = from_fn_with_state(Arc::clone(&domain), errors::explain);
        let mut router = self.routes.routes().into_axum_router().layer(explain);
        if let Some(fallback) = self.fallback {
            router = router.fallback_service(fallback);
        }
        let verifier = Arc::new(Verifier::load(&options.identity).await?);
        let aged = Arc::clone(&verifier);
        self.gauges.push(Box::new(move || aged.set_gauges()));
        let rates = self.rates.as_ref().map(|rates| Arc::new(Rates::new(Arc::clone(&domain), rates)));
        self.gauges.extend(rates.as_ref().map(Rates::gauges));
        let tls = ListenerTls::load(&options.tls)?;
        let (calls, stop) = (TaskTracker::new(), CancellationToken::new());
        let max_calls = options.limits.max_calls.map_or(self.max_calls, usize_of);
        let steps = steps(options, domain, Arc::new(access), Arc::clone(&verifier), max_calls, calls.clone(), stop.clone());
        let steps = Steps { rates, ..steps };
        let (listener, admin_listener) = (listen(options.listen).await?, listen(options.admin_listen).await?);
        let router = router.layer(from_fn_with_state(Arc::new(steps), steps::through));
        let web = match self.web {
            Some(web) => {
                let (tcp, tls) = (listen(web.listen).await?, ListenerTls::for_browsers(&options.tls)?);
                let address = tcp.local_addr()?;
                let listener = Listener::new(tcp, tls, &options.limits, Versions::Web);
                Some(WebBound { address, listener, router: web::router(web, router.clone()) })
            }
            None => None,
        };
        Ok(Bound {
            name: self.name,
            router,
            web,
            gauges: self.gauges,
            reflects: options.reflection,
            readiness: health::both(Arc::clone(&verifier), self.readiness),
            verifier,
            background: self.background,
            address: listener.local_addr()?,
            admin_address: admin_listener.local_addr()?,
            listener: Listener::new(listener, tls, &options.limits, Versions::Http2),
            // Never with TLS: probes have no certificates.
            admin_listener: Listener::new(admin_listener, None, &options.limits, Versions::Any),
            calls,
            stop,
            drain_wait: options.limits.drain_wait,
            drain_limit: options.limits.drain_limit,
        })
    }
}

fn steps(
    options: &ServeOptions,
    domain: Arc<str>,
    access: Arc<AccessTable>,
    verifier: Arc<Verifier>,
    max_calls: usize,
    calls: TaskTracker,
    stop: CancellationToken,
) -> Steps {
    let (limits, reflection) = (&options.limits, options.reflection);
    let shares = Percentages { user: limits.user_share, address: limits.address_share };
    Steps {
        calls,
        methods: Methods::new(access.paths().chain(REFLECTION_PATHS.into_iter().filter(|_| reflection))),
        rates: None,
        deadlines: Deadlines {
            domain: Arc::clone(&domain),
            access: Arc::clone(&access),
            call_limit: limits.call_limit,
            stream_limit: limits.stream_limit,
            stop,
        },
        guard: Guard { domain: Arc::clone(&domain), access: Arc::clone(&access), verifier, reflection },
        capacity: Capacity::new(Arc::clone(&domain), access, max_calls, usize_of(limits.max_streams), shares),
        domain,
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
