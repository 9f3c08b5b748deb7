//! The calls that are measured, in the name of those who hold the plans.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures::FutureExt as _;
use orchard_proto::edge::v1::GetFamilyDashboardRequest;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::family::v1::{CreatePlanRequest, GetFamilySummaryRequest, GetPlanRequest, SpendRequest};
use orchard_proto::google::r#type::Money;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::probe::pb::ReadRequest;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Request, Status};
use uuid::Uuid;

use super::data::{HOLDERS, holder, plan};
use super::load::{Call, Channels};

const TTL: Duration = Duration::from_secs(6 * 3600);

/// Tokens of those who hold plans, signed before anything is measured.
#[derive(Clone)]
pub struct Tokens(Arc<[AsciiMetadataValue]>);

impl Tokens {
    /// Signs them.
    pub fn sign(keys: &DevKeys) -> Result<Self> {
        let token = |number| Ok(format!("Bearer {}", keys.user_token(holder(number), &[], TTL)?).parse()?);
        (1..=HOLDERS).map(token).collect::<Result<Vec<_>>>().map(|tokens| Self(tokens.into()))
    }

    /// In the name of whoever holds the plan with this number.
    pub fn request<T>(&self, number: u64, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let token = &self.0[((number - 1) % HOLDERS) as usize];
        request.metadata_mut().insert("authorization", token.clone());
        request
    }
}

/// A family for the call with this number, as if by chance.
fn any(number: u64, families: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % families + 1
}

/// `PlanService/GetPlan` of any family.
pub fn get_plan(channels: Channels, tokens: Tokens, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = tokens.request(family, GetPlanRequest { family_plan_id: plan(family).to_string() });
        let mut client = PlanServiceClient::new(channels.of(number));
        async move { client.get_plan(request).await.map(drop) }.boxed()
    })
}

/// `PlanService/GetFamilySummary` of any family.
pub fn summary(channels: Channels, tokens: Tokens, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = tokens.request(family, GetFamilySummaryRequest { family_plan_id: plan(family).to_string() });
        let mut client = PlanServiceClient::new(channels.of(number));
        async move { client.get_family_summary(request).await.map(drop) }.boxed()
    })
}

/// `EdgeService/GetFamilyDashboard` of any family, with every section.
pub fn dashboard(channels: Channels, tokens: Tokens, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = tokens.request(family, GetFamilyDashboardRequest { family_plan_id: plan(family).to_string() });
        let mut client = EdgeServiceClient::new(channels.of(number));
        async move {
            let dashboard = client.get_family_dashboard(request).await?.into_inner().dashboard.unwrap_or_default();
            let is_whole = dashboard.active_challenges.is_some() && dashboard.wallet_balance.is_some();
            if is_whole { Ok(()) } else { Err(Status::internal("the dashboard lacks a section")) }
        }
        .boxed()
    })
}

/// A cent out of a wallet.
pub fn spending(family: u64, request_id: Uuid) -> SpendRequest {
    SpendRequest {
        family_plan_id: plan(family).to_string(),
        amount: Some(Money { currency_code: "EUR".to_owned(), units: 0, nanos: 10_000_000 }),
        reason: "Apples".to_owned(),
        request_id: request_id.to_string(),
    }
}

/// `WalletService/Spend` out of the wallets of so many families.
pub fn spend(channels: Channels, tokens: Tokens, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = tokens.request(family, spending(family, Uuid::new_v4()));
        let mut client = WalletServiceClient::new(channels.of(number));
        async move { client.spend(request).await.map(drop) }.boxed()
    })
}

/// A new plan.
pub fn new_plan(request_id: Uuid) -> CreatePlanRequest {
    CreatePlanRequest { family_name: "New".to_owned(), request_id: request_id.to_string(), ..CreatePlanRequest::default() }
}

/// `PlanService/CreatePlan`.
pub fn create_plan(channels: Channels, tokens: Tokens) -> Call {
    Arc::new(move |number| {
        let request = tokens.request(any(number, HOLDERS), new_plan(Uuid::new_v4()));
        let mut client = PlanServiceClient::new(channels.of(number));
        async move { client.create_plan(request).await.map(drop) }.boxed()
    })
}

/// What comes back as it was sent, with the headers that calls have.
pub fn echo(channels: Channels, tokens: Tokens) -> Call {
    Arc::new(move |number| {
        let request = tokens.request(any(number, HOLDERS), ReadRequest { text: plan(1).to_string() });
        let mut client = ProbeServiceClient::new(channels.of(number));
        async move { client.read(request).await.map(drop) }.boxed()
    })
}
