//! Use cases of `ReferralModerationService`.

use orchard_db::Connection;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::referral_moderation_service_server::ReferralModerationService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};

use super::deciding::Verdict;
use super::wire;
use crate::error::Error;
use crate::referrals::case::store;
use crate::referrals::{analytics, order};
use crate::{Api, request};

#[tonic::async_trait]
impl ReferralModerationService for Api {
    async fn list_referral_cases(&self, request: Request<pb::ListReferralCasesRequest>) -> Answer<pb::ListReferralCasesResponse> {
        let moderator = Caller::user(&request)?.id;
        let pb::ListReferralCasesRequest { page_size, page_token } = request.into_inner();
        let page = request::page(format!("ListReferralCases {moderator}"), page_size, &page_token)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, &page).await.map_err(Error::from)?;
        let page = page.page(rows, |case| (case.created_at, case.id));
        Ok(Response::new(pb::ListReferralCasesResponse {
            referral_cases: page.rows.into_iter().map(wire::case).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn decide_referral_case(
        &self,
        request: Request<pb::DecideReferralCaseRequest>,
    ) -> Answer<pb::DecideReferralCaseResponse> {
        let moderator = Caller::user(&request)?.id;
        let wire::Decided { case, decision, note, key } = wire::decision(request.get_ref(), moderator)?;
        let (rewards, clock) = (self.rewards.clone(), self.clock.clone());
        let verdict = Verdict { case, moderator, decision, note, key, rewards, clock };
        let unit = async move |connection: &mut Connection| verdict.apply(connection).await;
        let case = self.db.write("decide referral case", unit).await?;
        Ok(Response::new(pb::DecideReferralCaseResponse { referral_case: Some(wire::case(case)) }))
    }

    async fn list_late_refunds(&self, request: Request<pb::ListLateRefundsRequest>) -> Answer<pb::ListLateRefundsResponse> {
        let operator = Caller::user(&request)?.id;
        let pb::ListLateRefundsRequest { page_size, page_token } = request.into_inner();
        let page = request::page(format!("ListLateRefunds {operator}"), page_size, &page_token)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = order::late_refunds(&connection, &page).await.map_err(Error::from)?;
        let page = page.page(rows, |refund| (refund.at, refund.order.clone()));
        Ok(Response::new(pb::ListLateRefundsResponse {
            late_refunds: page.rows.into_iter().map(|refund| wire::late_refund(refund, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_referral_report(
        &self,
        _request: Request<pb::GetReferralReportRequest>,
    ) -> Answer<pb::GetReferralReportResponse> {
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = analytics::by_sharing(&connection, self.clock.ahead()).await.map_err(Error::from)?;
        let row = |row: analytics::SharedRow| row.to_wire(&self.currency);
        Ok(Response::new(pb::GetReferralReportResponse { rows: rows.into_iter().map(row).collect() }))
    }
}
