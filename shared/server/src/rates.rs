//! Refuses calls beyond the rate of their address, before anybody looks at their token, and beyond the rate of their caller.
//!
//! Each bucket fills by one call after the other (GCRA), so the time until the next call is admitted is known exactly.

mod clock;
mod options;
mod origin;
mod store;

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};
use metrics::Counter;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, common};
use uuid::Uuid;

use crate::identity::Caller;
use crate::listener::Peer;
use crate::telemetry::metrics::Gauges;
pub use clock::RateClock;
pub use options::{Proxy, RateOptions};
use store::Bounded;

/// The rates of a front door.
pub(crate) struct Rates {
    domain: Arc<str>,
    proxies: Vec<Proxy>,
    addresses: Limit<IpAddr>,
    callers: Limit<Who>,
}

/// A caller with a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(Uuid),
    Service(String),
}

impl Rates {
    pub(crate) fn new(domain: Arc<str>, options: &RateOptions) -> Self {
        let limit = (options.rate_keys.get() / 2).max(1);
        let (rate, burst) = (options.address_rate, options.address_burst);
        let addresses = Limit::new("address", quota(rate, burst), limit, &options.clock);
        let callers = Limit::new("caller", quota(options.caller_rate, options.caller_burst), limit, &options.clock);
        Self { domain, proxies: options.proxies.clone(), addresses, callers }
    }

    /// Returns what sets the gauges of the keys.
    pub(crate) fn gauges(self: &Arc<Self>) -> Gauges {
        let rates = Arc::clone(self);
        Box::new(move || {
            rates.addresses.set_gauge();
            rates.callers.set_gauge();
        })
    }

    fn admit_address(&self, request: &Request) -> Result<(), Refusal> {
        // A request has no peer only where nothing is listened to.
        let Some(peer) = request.extensions().get::<Arc<Peer>>() else { return Ok(()) };
        self.addresses.admit(&origin::origin(peer.remote(), request.headers(), &self.proxies))
    }

    fn admit_caller(&self, request: &Request) -> Result<(), Refusal> {
        match request.extensions().get() {
            Some(Caller { user: Some(user), .. }) => self.callers.admit(&Who::User(user.id)),
            Some(Caller { service: Some(service), .. }) => self.callers.admit(&Who::Service(service.clone())),
            // Whoever needs no token has only an address.
            Some(_) | None => Ok(()),
        }
    }
}

fn quota(rate: NonZeroU32, burst: NonZeroU32) -> Quota {
    Quota::per_second(rate).allow_burst(burst)
}

/// The state of many rates with one quota.
type Limiter<K> = RateLimiter<K, Bounded<K>, RateClock, NoOpMiddleware<Nanos>>;

/// The rate of each of many.
struct Limit<K: Hash + Eq + Clone> {
    of: &'static str,
    limiter: Limiter<K>,
    clock: RateClock,
    refused: Counter,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(of: &'static str, quota: Quota, most: usize, clock: &RateClock) -> Self {
        let limiter = RateLimiter::new(quota, Bounded::new(most, quota), clock.clone());
        Self { of, limiter, clock: clock.clone(), refused: metrics::counter!("orchard_rate_limited_calls_total", "limit" => of) }
    }

    fn admit(&self, key: &K) -> Result<(), Refusal> {
        self.limiter.check_key(key).map_err(|until| {
            self.refused.increment(1);
            refusal(self.of, until.wait_time_from(self.clock.now()))
        })
    }

    fn set_gauge(&self) {
        let keys = u32::try_from(self.limiter.len()).unwrap_or(u32::MAX);
        metrics::gauge!("orchard_rate_limit_keys", "limit" => self.of).set(f64::from(keys));
    }
}

fn refusal(of: &'static str, wait: Duration) -> Refusal {
    common(ErrorReason::RateLimited, format!("the {of} makes more calls than it may")).with("limit", of).retry_after(wait)
}

/// Passes a call on if its address may make one.
pub(crate) async fn by_address(rates: Option<&Rates>, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    by(rates, Rates::admit_address, request, next).await
}

/// Passes a call on if its caller may make one.
pub(crate) async fn by_caller(rates: Option<&Rates>, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    by(rates, Rates::admit_caller, request, next).await
}

async fn by(
    rates: Option<&Rates>,
    admit: impl FnOnce(&Rates, &Request) -> Result<(), Refusal>,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    match rates.map(|rates| admit(rates, &request).map_err(|refusal| refusal.into_status(&rates.domain))) {
        Some(Err(status)) => status.into_http(),
        Some(Ok(())) | None => next(request).await,
    }
}
