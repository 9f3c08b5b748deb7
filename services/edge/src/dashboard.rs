//! The family dashboard: the family's part, then the challenges of those who share them.

use std::time::Duration;

use orchard_client::Upstream;
use orchard_proto::edge::v1 as pb;
use orchard_proto::edge::v1::edge_service_server::EdgeService;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::{FamilySummary, GetFamilySummaryRequest};
use orchard_proto::social::v1::CountActiveChallengesRequest;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_rpc::{Answer, Deadline};
use orchard_server::Caller;
use prost_types::Timestamp;
use tonic::{Code, Request, Response, Status};

use crate::upstream::{Upstreams, fault, passed_on, unavailable};

/// Longest that a view waits for one slice. A section that is late is worth less than a view that is there.
const UPSTREAM_LIMIT: Duration = Duration::from_secs(2);

/// Serves `EdgeService`.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) upstreams: Upstreams,
}

#[tonic::async_trait]
impl EdgeService for Api {
    async fn get_family_dashboard(
        &self,
        request: Request<pb::GetFamilyDashboardRequest>,
    ) -> Answer<pb::GetFamilyDashboardResponse> {
        let token = Caller::user(&request)?.token;
        let plan = request.into_inner().family_plan_id;
        // Money and membership are never guessed: without the family service there is no view.
        let summary = summary(&self.upstreams.family, &token, plan).await?;
        let challenges = challenges(&self.upstreams.social, &token, summary.challenge_member_ids.clone()).await;
        let challenges =
            challenges.inspect_err(|status| tracing::warn!(code = ?status.code(), "the dashboard goes without challenges")).ok();
        Ok(Response::new(pb::GetFamilyDashboardResponse { dashboard: Some(dashboard(summary, challenges)) }))
    }
}

async fn summary(family: &Upstream, token: &str, family_plan_id: String) -> Result<FamilySummary, Status> {
    let mut client = PlanServiceClient::new(family.on_behalf_of(token).map_err(|error| fault(family, error))?);
    let answer = answer(family, client.get_family_summary(GetFamilySummaryRequest { family_plan_id })).await?;
    answer.summary.ok_or_else(|| unavailable(family.name()))
}

/// How many challenges the users take part in, and when that was so.
async fn challenges(social: &Upstream, token: &str, user_ids: Vec<String>) -> Result<(i32, Option<Timestamp>), Status> {
    let mut client = ChallengeServiceClient::new(social.on_behalf_of(token).map_err(|error| fault(social, error))?);
    let answer = answer(social, client.count_active_challenges(CountActiveChallengesRequest { user_ids })).await?;
    Ok((answer.active_challenges, answer.read_time))
}

async fn answer<T>(upstream: &Upstream, call: impl Future<Output = Answer<T>>) -> Result<T, Status> {
    let limit = Deadline::after(UPSTREAM_LIMIT);
    let (deadline, is_ours) = match Deadline::current() {
        Some(callers) if callers <= limit => (callers, false),
        Some(_) | None => (limit, true),
    };
    match deadline.scope(call).await {
        Ok(response) => Ok(response.into_inner()),
        // The caller has time left: it is the slice that is too slow.
        Err(status) if is_ours && status.code() == Code::DeadlineExceeded => Err(unavailable(upstream.name())),
        Err(status) => Err(passed_on(upstream, status)),
    }
}

fn dashboard(summary: FamilySummary, challenges: Option<(i32, Option<Timestamp>)>) -> pb::FamilyDashboard {
    let section = |state: pb::SectionState, as_of| Some(pb::SectionStatus { state: state.into(), as_of });
    let of_family = |visible| match visible {
        true => section(pb::SectionState::Ok, summary.read_time),
        false => section(pb::SectionState::Denied, None),
    };
    let (wallet, nutrition) = (of_family(summary.wallet_visible), of_family(summary.nutrition_visible));
    let of_social = match &challenges {
        Some((_, as_of)) => section(pb::SectionState::Ok, *as_of),
        None => section(pb::SectionState::Unavailable, None),
    };
    pb::FamilyDashboard {
        family_plan_id: summary.family_plan_id,
        family_name: summary.family_name,
        total_members: summary.total_members,
        active_members: summary.active_members,
        avg_weekly_calories: summary.avg_weekly_calories,
        wallet_balance: summary.wallet_balance,
        active_challenges: challenges.map(|(count, _)| count),
        wallet,
        nutrition,
        challenges: of_social,
    }
}
