//! Another service, as one of ours calls it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use orchard_proto::DESCRIPTORS;
use orchard_tls::{ServerName, UpstreamTls};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::service::interceptor::InterceptedService;
use tower::Service;
use tower::retry::budget::TpsBudget;
use tracing::Instrument as _;

use crate::answer::Answer;
use crate::balance::Balancer;
use crate::call::Call;
use crate::callee::Callee;
use crate::connection::Connector;
use crate::credentials::{Credentials, Unsendable};
use crate::deadline::Until;
use crate::keeper::Keeper;
use crate::methods::Methods;
use crate::observe::Observed;
use crate::refusals::Refusals;
use crate::replica::News;
use crate::resolve::{Resolve, SystemResolver};
use crate::{Workload, trace};

/// Longest request, unless a caller knows better: what gRPC servers usually read.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// Repetitions: so many in a second for every upstream, and then one for every five calls.
const BUDGET: (Duration, u32, f32) = (Duration::from_secs(10), 10, 0.2);
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("orchard-client/", env!("CARGO_PKG_VERSION")));

/// What stands in the way of calling a service at all: a setting.
#[derive(Debug, thiserror::Error)]
pub enum InvalidUpstream {
    /// The address is not `http://host:port`, nor `https://host:port`.
    #[error("{0} is not an address such as http://family:50051")]
    Url(Uri),
    /// Nothing says which certificates to believe.
    #[error("{0} needs the authorities of its certificate: --upstream-ca-file")]
    Authorities(Uri),
    /// The contracts cannot be read.
    #[error("the contracts cannot be read: {0}")]
    Contracts(#[from] prost::DecodeError),
}

/// A service that is about to be called.
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
    /// The encoded descriptor set that says which methods may be repeated; those of the suite unless given.
    #[must_use]
    pub fn contracts(self, contracts: &'static [u8]) -> Self {
        Self { contracts, ..self }
    }

    /// What finds the replicas; the system's resolver unless given.
    #[must_use]
    pub fn resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// TLS, for an address that begins with `https`.
    #[must_use]
    pub fn tls(self, tls: Option<Arc<UpstreamTls>>) -> Self {
        Self { tls, ..self }
    }

    /// Longest request body, frame header included; longer ones are refused with `MESSAGE_TOO_LARGE`.
    #[must_use]
    pub fn max_request_bytes(self, max_request_bytes: usize) -> Self {
        Self { max_request_bytes, ..self }
    }

    /// Begins to look the name up; replicas are connected to by the first calls.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn build(self) -> Result<Upstream, InvalidUpstream> {
        let (scheme, authority) = origin(&self.url).ok_or_else(|| InvalidUpstream::Url(self.url.clone()))?;
        let methods = Methods::from_descriptors(self.contracts)?;
        let (rested, resting) = mpsc::unbounded_channel();
        let news = Arc::new(News { rested, stale: Notify::new() });
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, default_port) = if scheme == Scheme::HTTPS {
            let tls = self.tls.ok_or_else(|| InvalidUpstream::Authorities(self.url.clone()))?;
            (Some((tls, ServerName::try_from(host.clone()).map_err(|_| InvalidUpstream::Url(self.url))?)), 443)
        } else {
            (None, 80)
        };
        let port = authority.port_u16().unwrap_or(default_port);
        let connector = Arc::new(Connector { tls });
        let balancer = Arc::new(Balancer::new(connector, Arc::clone(&news)));
        let keeper = Keeper { resolver: self.resolver, host, port, balancer: Arc::clone(&balancer), news };
        let mut background = JoinSet::new();
        background.spawn(keeper.run(resting));
        let (window, least, share) = BUDGET;
        Ok(Upstream(Arc::new(Callee {
            name: self.name,
            observed: Observed::new(authority.host(), methods.paths()),
            scheme,
            authority,
            methods,
            balancer,
            breaker: Arc::default(),
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

/// Another service, as one of ours calls it. Cheap to clone.
///
/// It is what generated clients are made of; what it sends carries no token but its caller's own. Every call has a status for an
/// answer, and ends by its deadline.
#[derive(Debug, Clone)]
pub struct Upstream(Arc<Callee>);

/// An upstream that is called with tokens.
pub type Authorized = InterceptedService<Upstream, Credentials>;

impl Upstream {
    /// The service `name` at `url`, such as `http://family:50051`: a name that may have many addresses.
    pub fn builder(name: &'static str, url: Uri, workload: Arc<Workload>) -> Builder {
        let (contracts, resolver) = (DESCRIPTORS, Arc::new(SystemResolver));
        Builder { name, url, workload, contracts, resolver, tls: None, max_request_bytes: MAX_REQUEST_BYTES }
    }

    /// Its name, such as `family`.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Calls as this workload, on behalf of the user whose token is given.
    pub fn on_behalf_of(&self, user_token: &str) -> Result<Authorized, Unsendable> {
        let credentials = Credentials::new(&self.0.workload.token()?, Some(user_token))?;
        Ok(InterceptedService::new(self.clone(), credentials))
    }

    /// Calls as this workload, for nobody else.
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
        let observation = self.0.observed.begin(uri.path());
        trace::inject(observation.span(), &mut headers);
        headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
        let (method, until) = (self.0.methods.of(uri.path()), Until::of(&headers));
        let call = Call { callee: Arc::clone(&self.0), method, uri, headers, until };
        let span = observation.span().clone();
        async move { Ok(call.run(body, observation).await) }.instrument(span).boxed()
    }
}
