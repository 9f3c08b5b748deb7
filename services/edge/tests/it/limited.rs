//! An edge with rates, and callers behind proxies.

use std::num::NonZeroU32;
use std::time::Duration;

use futures::future::join_all;
use orchard_proto::family::v1::ListPlansRequest;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_server::{RateClock, RateOptions, WebOptions};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::unlimited;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::World;

/// Who calls, and from where a proxy says that the call comes.
#[derive(Clone)]
pub struct From {
    token: Option<String>,
    forwarded: Option<String>,
}

impl Interceptor for From {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a token"));
        }
        if let Some(forwarded) = &self.forwarded {
            request.metadata_mut().insert("x-forwarded-for", forwarded.parse().expect("addresses"));
        }
        Ok(request)
    }
}

pub type Via = InterceptedService<Channel, From>;

pub struct Edge {
    pub world: World,
    keys: DevKeys,
    channel: Channel,
}

impl Edge {
    pub async fn start(rates: RateOptions) -> anyhow::Result<Self> {
        let keys = DevKeys::ephemeral()?;
        let world = World::configured(&keys, 1, Duration::ZERO, rates, WebOptions::default()).await?;
        Ok(Self { channel: world.edge.channel()?, world, keys })
    }

    pub fn token(&self) -> anyhow::Result<Option<String>> {
        Ok(Some(self.keys.user_token(Uuid::new_v4(), &[], Duration::from_secs(600))?))
    }

    pub fn via(&self, token: Option<String>, forwarded: Option<&str>) -> Via {
        InterceptedService::new(self.channel.clone(), From { token, forwarded: forwarded.map(str::to_owned) })
    }

    /// Makes calls at once, and returns how many were admitted, and the refusals.
    pub async fn calls(&self, via: &Via, count: usize) -> (usize, Vec<Status>) {
        let answers = join_all((0..count).map(|_| call(via))).await;
        let refusals: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert!(refusals.iter().all(is_limited), "{refusals:?}");
        (count - refusals.len(), refusals)
    }
}

pub async fn call(via: &Via) -> Result<(), Status> {
    PlanServiceClient::new(via.clone()).list_plans(ListPlansRequest::default()).await.map(drop)
}

pub fn is_limited(status: &Status) -> bool {
    status.get_details_error_info().is_some_and(|info| info.reason == "RATE_LIMITED")
}

/// Returns what the limit is of, and how long to wait.
pub fn limit(status: &Status) -> (String, Duration) {
    let details = status.get_error_details();
    let info = details.error_info().expect("a reason");
    let wait = details.retry_info().and_then(|info| info.retry_delay).expect("a time to wait");
    (info.metadata["limit"].clone(), wait)
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("a number")
}

pub fn of_callers(rate: u32, burst: u32, clock: &RateClock) -> RateOptions {
    RateOptions { caller_rate: number(rate), caller_burst: number(burst), clock: clock.clone(), ..unlimited() }
}

pub fn of_addresses(rate: u32, burst: u32, clock: &RateClock) -> RateOptions {
    RateOptions { address_rate: number(rate), address_burst: number(burst), clock: clock.clone(), ..unlimited() }
}

pub fn behind_a_proxy(rates: RateOptions) -> RateOptions {
    RateOptions { proxies: vec!["127.0.0.0/8".parse().expect("a network")], ..rates }
}
