//! The calls that are measured, with the tokens of plan holders.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::Datelike as _;
use futures::FutureExt as _;
use orchard_proto::edge::v1::GetFamilyDashboardRequest;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::family::v1::{CreatePlanRequest, GetFamilySummaryRequest, GetPlanRequest, SpendRequest};
use orchard_proto::google::r#type::{Date, Money};
use orchard_proto::social::v1::leaderboard_service_client::LeaderboardServiceClient;
use orchard_proto::social::v1::progress_service_client::ProgressServiceClient;
use orchard_proto::social::v1::{
    GetLeaderboardAroundMeRequest, GetStandingRequest, ListLeaderboardRequest, ProgressData, RecordProgressRequest,
};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::probe::pb::ReadRequest;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

use super::data::{HOLDERS, holder, plan};
use super::load::{Call, Channels};

const TTL: Duration = Duration::from_secs(6 * 3600);

/// Tokens of all plan holders, signed before the measurements.
#[derive(Clone)]
pub struct Tokens(Arc<[AsciiMetadataValue]>);

impl Tokens {
    /// Signs the tokens.
    pub fn sign(keys: &DevKeys) -> Result<Self> {
        let token = |number| Ok(format!("Bearer {}", keys.user_token(holder(number), &[], TTL)?).parse()?);
        (1..=HOLDERS).map(token).collect::<Result<Vec<_>>>().map(|tokens| Self(tokens.into()))
    }
}

/// The plan holders as clients of one service.
#[derive(Clone)]
pub struct Clients {
    /// Connections to the service.
    pub channels: Channels,
    /// The holders' tokens.
    pub tokens: Tokens,
}

impl Clients {
    /// Returns the connection for the call with this number.
    pub fn channel(&self, number: u64) -> Channel {
        self.channels.of(number)
    }

    /// Builds a request of the holder of the plan with this number.
    pub fn request<T>(&self, number: u64, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let token = &self.tokens.0[((number - 1) % HOLDERS) as usize];
        request.metadata_mut().insert("authorization", token.clone());
        request
    }
}

/// Chooses a family for the call with this number, pseudo-randomly.
fn any(number: u64, families: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % families + 1
}

/// `PlanService/GetPlan` of any of the families.
pub fn get_plan(clients: Clients, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = clients.request(family, GetPlanRequest { family_plan_id: plan(family).to_string() });
        let mut client = PlanServiceClient::new(clients.channel(number));
        async move { client.get_plan(request).await.map(drop) }.boxed()
    })
}

/// `PlanService/GetFamilySummary` of any of the families.
pub fn summary(clients: Clients, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = clients.request(family, GetFamilySummaryRequest { family_plan_id: plan(family).to_string() });
        let mut client = PlanServiceClient::new(clients.channel(number));
        async move { client.get_family_summary(request).await.map(drop) }.boxed()
    })
}

/// `EdgeService/GetFamilyDashboard` of any of the families, which fails if a section is missing.
pub fn dashboard(clients: Clients, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = clients.request(family, GetFamilyDashboardRequest { family_plan_id: plan(family).to_string() });
        let mut client = EdgeServiceClient::new(clients.channel(number));
        async move {
            let dashboard = client.get_family_dashboard(request).await?.into_inner().dashboard.unwrap_or_default();
            let is_whole = dashboard.active_challenges.is_some() && dashboard.wallet_balance.is_some();
            if is_whole { Ok(()) } else { Err(Status::internal("the dashboard lacks a section")) }
        }
        .boxed()
    })
}

/// A request to spend a cent.
pub fn spending(family: u64, request_id: Uuid) -> SpendRequest {
    SpendRequest {
        family_plan_id: plan(family).to_string(),
        amount: Some(Money { currency_code: "EUR".to_owned(), units: 0, nanos: 10_000_000 }),
        reason: "Apples".to_owned(),
        request_id: request_id.to_string(),
    }
}

/// `WalletService/Spend` from the wallet of any of the families.
pub fn spend(clients: Clients, families: u64) -> Call {
    Arc::new(move |number| {
        let family = any(number, families);
        let request = clients.request(family, spending(family, Uuid::new_v4()));
        let mut client = WalletServiceClient::new(clients.channel(number));
        async move { client.spend(request).await.map(drop) }.boxed()
    })
}

/// A request for a new plan.
pub fn new_plan(request_id: Uuid) -> CreatePlanRequest {
    CreatePlanRequest { family_name: "New".to_owned(), request_id: request_id.to_string(), ..CreatePlanRequest::default() }
}

/// `PlanService/CreatePlan`.
pub fn create_plan(clients: Clients) -> Call {
    Arc::new(move |number| {
        let request = clients.request(any(number, HOLDERS), new_plan(Uuid::new_v4()));
        let mut client = PlanServiceClient::new(clients.channel(number));
        async move { client.create_plan(request).await.map(drop) }.boxed()
    })
}

/// `LeaderboardService/GetStanding` of any of the holders, who all participate.
pub fn standing(clients: Clients, challenge: Uuid) -> Call {
    Arc::new(move |number| {
        let request = clients.request(any(number, HOLDERS), GetStandingRequest { challenge_id: challenge.to_string() });
        let mut client = LeaderboardServiceClient::new(clients.channel(number));
        async move { client.get_standing(request).await.map(drop) }.boxed()
    })
}

/// `LeaderboardService/ListLeaderboard`: the first 100, which fails if one has no name.
pub fn top(clients: Clients, challenge: Uuid) -> Call {
    Arc::new(move |number| {
        let list = ListLeaderboardRequest { challenge_id: challenge.to_string(), page_size: 100, ..Default::default() };
        let request = clients.request(any(number, HOLDERS), list);
        let mut client = LeaderboardServiceClient::new(clients.channel(number));
        async move {
            let page = client.list_leaderboard(request).await?.into_inner();
            let named = page.entries.iter().filter(|entry| !entry.is_pseudonym).count();
            if named == 100 { Ok(()) } else { Err(Status::internal(format!("{named} of 100 have names"))) }
        }
        .boxed()
    })
}

/// `LeaderboardService/GetLeaderboardAroundMe`: ten entries.
pub fn around(clients: Clients, challenge: Uuid) -> Call {
    Arc::new(move |number| {
        let around = GetLeaderboardAroundMeRequest { challenge_id: challenge.to_string(), limit: 10 };
        let request = clients.request(any(number, HOLDERS), around);
        let mut client = LeaderboardServiceClient::new(clients.channel(number));
        async move { client.get_leaderboard_around_me(request).await.map(drop) }.boxed()
    })
}

/// A request that records minutes of today.
fn minutes(challenge: Uuid, amount: i32) -> RecordProgressRequest {
    let today = chrono::Utc::now().date_naive();
    let part = |number: u32| i32::try_from(number).unwrap_or_default();
    RecordProgressRequest {
        challenge_id: challenge.to_string(),
        progress_date: Some(Date { year: today.year(), month: part(today.month()), day: part(today.day()) }),
        progress_data: Some(ProgressData { fruits: Vec::new(), amount }),
        ..Default::default()
    }
}

/// `ProgressService/RecordProgress` of any holder in any of the challenges, with another amount each time.
pub fn record(clients: Clients, challenges: Vec<Uuid>) -> Call {
    Arc::new(move |number| {
        let caller = any(number, HOLDERS);
        let challenge = challenges[(any(number.wrapping_add(7), challenges.len() as u64) - 1) as usize];
        let amount = i32::try_from(number.wrapping_mul(7_919) % 90_000).unwrap_or_default();
        let request = clients.request(caller, minutes(challenge, amount));
        let mut client = ProgressServiceClient::new(clients.channel(number));
        async move { client.record_progress(request).await.map(drop) }.boxed()
    })
}

/// `ProgressService/RecordProgress` of the first holder with this amount.
pub fn record_one(clients: Clients, challenge: Uuid, amount: i32) -> Call {
    Arc::new(move |number| {
        let request = clients.request(1, minutes(challenge, amount));
        let mut client = ProgressServiceClient::new(clients.channel(number));
        async move { client.record_progress(request).await.map(drop) }.boxed()
    })
}

/// A call that returns its request, with the same headers as the others.
pub fn echo(clients: Clients) -> Call {
    Arc::new(move |number| {
        let request = clients.request(any(number, HOLDERS), ReadRequest { text: plan(1).to_string() });
        let mut client = ProbeServiceClient::new(clients.channel(number));
        async move { client.read(request).await.map(drop) }.boxed()
    })
}
