//! A user's referrals and credits.

use futures::join;
use orchard_proto::edge::v1 as pb;
use orchard_proto::social::v1::credit_service_client::CreditServiceClient;
use orchard_proto::social::v1::referral_service_client::ReferralServiceClient;
use orchard_proto::social::v1::{GetCreditsRequest, GetReferralAnalyticsRequest, ListReferralsRequest};

use crate::section::PAGE_SIZE;
use crate::view::View;

/// Composes the overview of a user's referrals.
pub(crate) async fn referral_overview(view: &View<'_>) -> pb::ReferralOverview {
    let (analytics, credits, referrals) = join!(analytics(view), credits(view), referrals(view));
    pb::ReferralOverview { analytics: Some(analytics), credits: Some(credits), referrals: Some(referrals) }
}

async fn analytics(view: &View<'_>) -> pb::ReferralAnalyticsSection {
    let call = async |channel| ReferralServiceClient::new(channel).get_referral_analytics(GetReferralAnalyticsRequest {}).await;
    let (answer, status) = view.section(&view.upstreams.social, call).await.parts_or_default();
    pb::ReferralAnalyticsSection { status, analytics: answer.analytics }
}

async fn credits(view: &View<'_>) -> pb::CreditsSection {
    let call = async |channel| CreditServiceClient::new(channel).get_credits(GetCreditsRequest {}).await;
    let (answer, status) = view.section(&view.upstreams.social, call).await.parts_or_default();
    pb::CreditsSection { status, credits: answer.credits }
}

async fn referrals(view: &View<'_>) -> pb::ReferralsSection {
    let request = ListReferralsRequest { page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| ReferralServiceClient::new(channel).list_referrals(request).await;
    let (answer, status) = view.section(&view.upstreams.social, call).await.parts_or_default();
    pb::ReferralsSection { status, referrals: answer.referrals }
}
