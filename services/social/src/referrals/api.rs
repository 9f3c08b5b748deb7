//! Use cases of `ReferralService`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use orchard_db::{Connection, moment};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::referral_service_server::ReferralService;
use orchard_rpc::{Answer, Page, PageRequest};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::analytics::{self, Analytics};
use super::claim::Claim;
use super::code::Code;
use super::referral::{LatestFirst, Referral, ReferralError, RewardStatus, invite, store, wire};
use super::sharing::links;
use crate::Api;
use crate::error::Error;
use crate::people::family;

impl Api {
    /// Checks with the family service that the caller is no child.
    async fn check_adult(&self, caller: Uuid) -> Result<(), Error> {
        let children = family::children(&self.family, &[caller]).await?;
        if children.is_empty() { Ok(()) } else { Err(ReferralError::Child.into()) }
    }

    async fn referrals(
        &self,
        user: Uuid,
        status: Option<RewardStatus>,
        page: &PageRequest<LatestFirst>,
    ) -> Result<(Page<Referral>, BTreeSet<Uuid>, DateTime<Utc>), Error> {
        let connection = self.db.read().await?;
        let now = self.clock.at(moment(&connection).await?);
        let rows = store::list(&connection, user, status, page, now).await?;
        let page = page.page(rows, Referral::position);
        let referees = page.rows.iter().filter_map(|referral| referral.referee_id).collect();
        let visible = store::visible(&connection, user, referees).await?;
        Ok((page, visible, now))
    }

    async fn analytics(&self, user: Uuid) -> Result<Analytics, Error> {
        let connection = self.db.read().await?;
        Ok(analytics::of_referrer(&connection, user, self.clock.ahead()).await?)
    }

    fn links(&self, code: &Code) -> Vec<pb::ReferralLink> {
        links(&self.rewards.terms.link_base(), code)
    }
}

#[tonic::async_trait]
impl ReferralService for Api {
    async fn create_referral_code(
        &self,
        request: Request<pb::CreateReferralCodeRequest>,
    ) -> Answer<pb::CreateReferralCodeResponse> {
        let user = Caller::user(&request)?.id;
        self.check_adult(user).await?;
        let unit = async move |connection: &mut Connection| invite::standing(connection, user).await;
        let code = self.db.write("create referral code", unit).await?;
        let referral_code = pb::ReferralCode { referral_code: code.as_str().to_owned(), links: self.links(&code) };
        Ok(Response::new(pb::CreateReferralCodeResponse { referral_code: Some(referral_code) }))
    }

    async fn create_referral(&self, request: Request<pb::CreateReferralRequest>) -> Answer<pb::CreateReferralResponse> {
        let referrer = Caller::user(&request)?.id;
        let (sharing, key) = wire::create(request.get_ref(), referrer)?;
        self.check_adult(referrer).await?;
        let (terms, clock) = (self.rewards.terms.clone(), self.clock.clone());
        let invite = invite::Invite { referrer, sharing, key, terms, clock };
        let unit = async move |connection: &mut Connection| invite.create(connection).await;
        let (referral, now) = self.db.write("create referral", unit).await?;
        let links = self.links(&referral.code.clone().into());
        let referral = wire::referral(referral, &BTreeSet::new(), now, &self.currency);
        Ok(Response::new(pb::CreateReferralResponse { referral: Some(referral), links }))
    }

    async fn claim_referral(&self, request: Request<pb::ClaimReferralRequest>) -> Answer<pb::ClaimReferralResponse> {
        let claimant = Caller::user(&request)?.id;
        let (code, sharing, key) = wire::claim(request.get_ref(), claimant)?;
        self.check_adult(claimant).await?;
        let (terms, clock) = (self.rewards.terms.clone(), self.clock.clone());
        Claim { claimant, code, sharing, key, terms, clock }.make(&self.db).await?;
        Ok(Response::new(pb::ClaimReferralResponse {}))
    }

    async fn list_referrals(&self, request: Request<pb::ListReferralsRequest>) -> Answer<pb::ListReferralsResponse> {
        let user = Caller::user(&request)?.id;
        let (status, page) = wire::list(request.get_ref(), user)?;
        let (page, visible, now) = self.referrals(user, status, &page).await?;
        let referral = |referral| wire::referral(referral, &visible, now, &self.currency);
        Ok(Response::new(pb::ListReferralsResponse {
            referrals: page.rows.into_iter().map(referral).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_referral_analytics(
        &self,
        request: Request<pb::GetReferralAnalyticsRequest>,
    ) -> Answer<pb::GetReferralAnalyticsResponse> {
        let user = Caller::user(&request)?.id;
        let analytics = self.analytics(user).await?.to_wire(&self.currency);
        Ok(Response::new(pb::GetReferralAnalyticsResponse { analytics: Some(analytics) }))
    }
}
