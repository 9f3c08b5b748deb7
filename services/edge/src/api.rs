//! Serves `EdgeService`: each method is a view, or the export.

use futures::stream::BoxStream;
use orchard_proto::edge::v1 as pb;
use orchard_proto::edge::v1::edge_service_server::EdgeService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use crate::challenge_page::challenge_page;
use crate::dashboard::dashboard;
use crate::discover::discover;
use crate::export::{Position, export};
use crate::home::home;
use crate::professional_page::professional_page;
use crate::profile_page::profile_page;
use crate::recipe_page::recipe_page;
use crate::referral_overview::referral_overview;
use crate::upstream::Upstreams;
use crate::view::View;

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
        let view = View::of(&request, &self.upstreams)?;
        let dashboard = dashboard(&view, request.into_inner().family_plan_id).await?;
        Ok(Response::new(pb::GetFamilyDashboardResponse { dashboard: Some(dashboard) }))
    }

    async fn get_home(&self, request: Request<pb::GetHomeRequest>) -> Answer<pb::GetHomeResponse> {
        let view = View::of(&request, &self.upstreams)?;
        Ok(Response::new(pb::GetHomeResponse { home: Some(home(&view).await) }))
    }

    async fn get_profile_page(&self, request: Request<pb::GetProfilePageRequest>) -> Answer<pb::GetProfilePageResponse> {
        let view = View::of(&request, &self.upstreams)?;
        let page = profile_page(&view, request.into_inner().user_id).await?;
        Ok(Response::new(pb::GetProfilePageResponse { page: Some(page) }))
    }

    async fn get_recipe_page(&self, request: Request<pb::GetRecipePageRequest>) -> Answer<pb::GetRecipePageResponse> {
        let view = View::of(&request, &self.upstreams)?;
        let page = recipe_page(&view, request.into_inner().recipe_id).await?;
        Ok(Response::new(pb::GetRecipePageResponse { page: Some(page) }))
    }

    async fn get_professional_page(
        &self,
        request: Request<pb::GetProfessionalPageRequest>,
    ) -> Answer<pb::GetProfessionalPageResponse> {
        let view = View::of(&request, &self.upstreams)?;
        let page = professional_page(&view, request.into_inner().professional_id).await?;
        Ok(Response::new(pb::GetProfessionalPageResponse { page: Some(page) }))
    }

    async fn get_challenge_page(&self, request: Request<pb::GetChallengePageRequest>) -> Answer<pb::GetChallengePageResponse> {
        let view = View::of(&request, &self.upstreams)?;
        let page = challenge_page(&view, request.into_inner().challenge_id).await?;
        Ok(Response::new(pb::GetChallengePageResponse { page: Some(page) }))
    }

    async fn get_referral_overview(
        &self,
        request: Request<pb::GetReferralOverviewRequest>,
    ) -> Answer<pb::GetReferralOverviewResponse> {
        let view = View::of(&request, &self.upstreams)?;
        let overview = referral_overview(&view).await;
        Ok(Response::new(pb::GetReferralOverviewResponse { overview: Some(overview) }))
    }

    async fn discover(&self, request: Request<pb::DiscoverRequest>) -> Answer<pb::DiscoverResponse> {
        let view = View::of(&request, &self.upstreams)?;
        let discovery = discover(&view, &request.get_ref().text).await?;
        Ok(Response::new(pb::DiscoverResponse { discovery: Some(discovery) }))
    }

    type ExportMeStream = BoxStream<'static, Result<pb::ExportMeResponse, Status>>;

    async fn export_me(&self, request: Request<pb::ExportMeRequest>) -> Answer<Self::ExportMeStream> {
        let token = Caller::user(&request)?.token;
        let start = Position::read(&request.get_ref().resume_token)?;
        Ok(Response::new(export(&self.upstreams, &token, start)))
    }
}
