//! A service that this service calls.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use orchard_proto::DESCRIPTORS;
use orchard_rpc::trace;
use orchard_tls::{ServerName, UpstreamTls};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::service::interceptor::InterceptedService;
use tower::Service;
use tower::retry::budget::TpsBudget;
use tracing::Instrument as _;

use crate::answer::Answer;
use crate::background::Background;
use crate::balance::Balancer;
use crate::call::Call;
use crate::callee::Callee;
use crate::connection::Connector;
use crate::credentials::{Credentials, Unsendable};
use crate::deadline::CallDeadline;
use crate::methods::Methods;
use crate::observe::ObservedMethods;
use crate::refusals::Refusals;
use crate::replica::Signals;
use crate::resolve::{Resolve, SystemResolver};
use crate::workload::Workload;

/// The default limit of a request's size: what gRPC servers accept by default.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// The retry budget: its window, retries per second for every upstream, and additional retries per call.
const BUDGET: (Duration, u32, f32) = (Duration::from_secs(10), 10, 0.2);
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("orchard-client/", env!("CARGO_PKG_VERSION")));

/// A setting because of which a service cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum InvalidUpstream {
    /// The address is neither `http://host:port` nor `https://host:port`.
    #[error("{0} is not an address such as http://family:50051")]
    Url(Uri),
    /// No setting names the authorities to trust.
    #[error("{0} needs the authorities of its certificate: --upstream-ca-file")]
    Authorities(Uri),
    /// The contracts cannot be read.
    #[error("cannot read the contracts: {0}")]
    Contracts(#[from] prost::DecodeError),
}

/// Builds an [`Upstream`].
#[derive(Debug)]
pub struct Builder {
    name: &'static str,
    url: Uri,
    workload: Arc<Workload>,
    contracts: &'static [u8],
    resolver: Arc<dyn Resolve>,
    tls: Option<Arc<UpstreamTls>>,
    max_request_bytes: usize,
}

impl Builder {
    /// Sets the encoded descriptor set that says which methods may be repeated; by default that of the suite.
    #[must_use]
    pub fn contracts(self, contracts: &'static [u8]) -> Self {
        Self { contracts, ..self }
    }

    /// Sets the resolver that finds the replicas; by default the system's.
    #[must_use]
    pub fn resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// Sets the TLS of https addresses.
    #[must_use]
    pub fn tls(self, tls: Option<Arc<UpstreamTls>>) -> Self {
        Self { tls, ..self }
    }

    /// Sets the largest request body, frame header included. Larger ones are refused with `MESSAGE_TOO_LARGE`.
    #[must_use]
    pub fn max_request_bytes(self, max_request_bytes: usize) -> Self {
        Self { max_request_bytes, ..self }
    }

    /// Starts to resolve the name. The first calls connect to the replicas.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn build(self) -> Result<Upstream, InvalidUpstream> {
        let (scheme, authority) = origin(&self.url).ok_or_else(|| InvalidUpstream::Url(self.url.clone()))?;
        let methods = Methods::from_descriptors(self.contracts)?;
        let (paused_sender, paused) = mpsc::unbounded_channel();
        let signals = Arc::new(Signals { paused: paused_sender, stale: Notify::new() });
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, default_port) = if scheme == Scheme::HTTPS {
            let tls = self.tls.ok_or_else(|| InvalidUpstream::Authorities(self.url.clone()))?;
            (Some((tls, ServerName::try_from(host.clone()).map_err(|_| InvalidUpstream::Url(self.url))?)), 443)
        } else {
            (None, 80)
        };
        let port = authority.port_u16().unwrap_or(default_port);
        let balancer = Arc::new(Balancer::new(Arc::new(Connector { tls }), Arc::clone(&signals)));
        let work = Background { resolver: self.resolver, host, port, balancer: Arc::clone(&balancer), signals };
        let mut background = JoinSet::new();
        background.spawn(work.run(paused));
        let (window, least, share) = BUDGET;
        Ok(Upstream(Arc::new(Callee {
            name: self.name,
            observed: ObservedMethods::new(authority.host(), methods.paths()),
            scheme,
            authority,
            methods,
            balancer,
            budget: TpsBudget::new(window, least, share),
            refusals: Refusals::new(self.name, &format!("orchard.{}", self.workload.name())),
            max_request_bytes: self.max_request_bytes,
            workload: self.workload,
            _background: background,
        })))
    }
}

fn origin(url: &Uri) -> Option<(Scheme, Authority)> {
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
    let scheme = url.scheme().filter(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme) && is_bare)?;
    Some((scheme.clone(), url.authority()?.clone()))
}

/// A service that this service calls. Cheap to clone.
///
/// Generated clients run on it. It adds no token: the request carries the caller's own. Every call is answered with a status by its
/// deadline.
#[derive(Debug, Clone)]
pub struct Upstream(Arc<Callee>);

/// An upstream that is called with tokens.
pub type Authorized = InterceptedService<Upstream, Credentials>;

impl Upstream {
    /// Returns a builder for the service `name` at `url`, such as `http://family:50051`. The host may have many addresses.
    pub fn builder(name: &'static str, url: Uri, workload: Arc<Workload>) -> Builder {
        let (contracts, resolver) = (DESCRIPTORS, Arc::new(SystemResolver));
        Builder { name, url, workload, contracts, resolver, tls: None, max_request_bytes: MAX_REQUEST_BYTES }
    }

    /// Returns the service's name, such as `family`.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Returns the upstream, called as this workload on behalf of the token's user.
    pub fn on_behalf_of(&self, user_token: &str) -> Result<Authorized, Unsendable> {
        let credentials = Credentials::new(&self.0.workload.token()?, Some(user_token))?;
        Ok(InterceptedService::new(self.clone(), credentials))
    }

    /// Returns the upstream, called as this workload on its own behalf.
    pub fn as_service(&self) -> Result<Authorized, Unsendable> {
        let credentials = Credentials::new(&self.0.workload.token()?, None)?;
        Ok(InterceptedService::new(self.clone(), credentials))
    }
}

impl Service<Request<Body>> for Upstream {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Answer>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (head, body) = request.into_parts();
        let (uri, mut headers) = (self.0.locate(head.uri), head.headers);
        let observed = self.0.observed.begin(uri.path());
        trace::inject(observed.span(), &mut headers);
        headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
        let (method, deadline) = (self.0.methods.at(uri.path()), CallDeadline::of(&headers));
        let call = Call { callee: Arc::clone(&self.0), method, uri, headers, deadline };
        let span = observed.span().clone();
        async move { Ok(call.run(body, observed).await) }.instrument(span).boxed()
    }
}
