//! The calls that are measured, in the name of those who hold the plans.

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

/// `LeaderboardService/GetStanding` of any of those who call, who all take part.
pub fn standing(channels: Channels, tokens: Tokens, challenge: Uuid) -> Call {
    Arc::new(move |number| {
        let request = tokens.request(any(number, HOLDERS), GetStandingRequest { challenge_id: challenge.to_string() });
        let mut client = LeaderboardServiceClient::new(channels.of(number));
        async move { client.get_standing(request).await.map(drop) }.boxed()
    })
}

/// `LeaderboardService/ListLeaderboard`: the first hundred, with names.
pub fn top(channels: Channels, tokens: Tokens, challenge: Uuid) -> Call {
    Arc::new(move |number| {
        let list = ListLeaderboardRequest { challenge_id: challenge.to_string(), page_size: 100, ..Default::default() };
        let request = tokens.request(any(number, HOLDERS), list);
        let mut client = LeaderboardServiceClient::new(channels.of(number));
        async move {
            let page = client.list_leaderboard(request).await?.into_inner();
            let named = page.entries.iter().filter(|entry| !entry.is_pseudonym).count();
            if named == 100 { Ok(()) } else { Err(Status::internal(format!("{named} of 100 have names"))) }
        }
        .boxed()
    })
}

/// `LeaderboardService/GetLeaderboardAroundMe`: ten.
pub fn around(channels: Channels, tokens: Tokens, challenge: Uuid) -> Call {
    Arc::new(move |number| {
        let around = GetLeaderboardAroundMeRequest { challenge_id: challenge.to_string(), limit: 10 };
        let request = tokens.request(any(number, HOLDERS), around);
        let mut client = LeaderboardServiceClient::new(channels.of(number));
        async move { client.get_leaderboard_around_me(request).await.map(drop) }.boxed()
    })
}

/// So many minutes of today.
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

/// `ProgressService/RecordProgress` of any of those who call, in any of these challenges, with another amount each time.
pub fn record(channels: Channels, tokens: Tokens, challenges: Vec<Uuid>) -> Call {
    Arc::new(move |number| {
        let caller = any(number, HOLDERS);
        let challenge = challenges[(any(number.wrapping_add(7), challenges.len() as u64) - 1) as usize];
        let amount = i32::try_from(number.wrapping_mul(7_919) % 90_000).unwrap_or_default();
        let request = tokens.request(caller, minutes(challenge, amount));
        let mut client = ProgressServiceClient::new(channels.of(number));
        async move { client.record_progress(request).await.map(drop) }.boxed()
    })
}

/// The same of the first of those who call, with this amount.
pub fn record_one(channels: Channels, tokens: Tokens, challenge: Uuid, amount: i32) -> Call {
    Arc::new(move |number| {
        let request = tokens.request(1, minutes(challenge, amount));
        let mut client = ProgressServiceClient::new(channels.of(number));
        async move { client.record_progress(request).await.map(drop) }.boxed()
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
