//! Referrals as messages.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, PageRequest, read, timestamp_to_wire};
use uuid::Uuid;

use super::{LatestFirst, Referral, RewardStatus};
use crate::error::Error;
use crate::referrals::code::Code;
use crate::referrals::sharing::{Sharing, metadata_to_wire};

/// Reads an invitation to create.
pub(in crate::referrals) fn create(request: &pb::CreateReferralRequest, caller: Uuid) -> Result<(Sharing, Key), Error> {
    let mut fields = Fields::default();
    let pb::CreateReferralRequest { referral_method, referral_source, metadata, request_id } = request;
    let sharing = Sharing::read(&mut fields, *referral_method, *referral_source, metadata.as_ref());
    let request_id = fields.read("request_id", read::uuid(request_id));
    Ok(fields.finish(|| Ok((sharing?, Key::new(caller, "CreateReferral", request_id?, Keep::Forever, request))))?)
}

/// Reads a claim.
pub(in crate::referrals) fn claim(request: &pb::ClaimReferralRequest, caller: Uuid) -> Result<(Code, Sharing, Key), Error> {
    let mut fields = Fields::default();
    let code = fields.read("referral_code", read::text(&request.referral_code, 1..=40).and_then(|text| Code::read(&text)));
    let metadata = request.metadata.as_ref();
    let sharing = Sharing::read(&mut fields, request.referral_method, request.referral_source, metadata);
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| Ok((code?, sharing?, Key::new(caller, "ClaimReferral", request_id?, Keep::Days30, request))))?)
}

/// Reads which referrals to list.
pub(in crate::referrals) fn list(
    request: &pb::ListReferralsRequest,
    caller: Uuid,
) -> Result<(Option<RewardStatus>, PageRequest<LatestFirst>), Error> {
    let mut fields = Fields::default();
    let status = fields.read("reward_status", read::optional_enumeration(request.reward_status));
    let query = format!("ListReferrals {} {caller}", request.reward_status);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((status?, page?)))?)
}

/// Converts a referral for its referrer, who may see the profiles of `visible`.
pub(in crate::referrals) fn referral(
    referral: Referral,
    visible: &BTreeSet<Uuid>,
    now: DateTime<Utc>,
    currency: &Currency,
) -> pb::Referral {
    let status = referral.status_at(now);
    let is_withheld = referral.is_withheld();
    let time = |at: Option<DateTime<Utc>>| at.map(timestamp_to_wire);
    let referee = referral.referee_id.filter(|referee| visible.contains(referee));
    // That of a standing code's claim is the claimant's, perhaps a message of one whom the referrer has blocked.
    let metadata =
        referral.sharing.metadata.filter(|_| !is_claimants(referral.invited_at, referral.signed_up_at) || referee.is_some());
    pb::Referral {
        referral_id: referral.id.to_string(),
        referral_code: referral.code,
        referral_method: referral.sharing.method.map(i32::from).unwrap_or_default(),
        referral_source: referral.sharing.source.map(i32::from).unwrap_or_default(),
        metadata: metadata.and_then(metadata_to_wire),
        referee_user_id: referee.map(|referee| referee.to_string()).unwrap_or_default(),
        invite_time: Some(timestamp_to_wire(referral.invited_at)),
        sign_up_time: time(referral.signed_up_at),
        first_purchase_time: time(referral.first_purchase_at),
        expire_time: Some(timestamp_to_wire(referral.expires_at)),
        reward_status: status.into(),
        reward_amount: referral.reward_amount.map(|amount| currency.to_wire(&amount)),
        bonus_tier: referral.bonus_tier,
        is_withheld,
        credit_due_time: time(referral.credit_due_at),
        reverse_time: time(referral.reversed_at),
    }
}

/// Returns whether a referral is of a standing code, so that the claimant has said how it was shared.
fn is_claimants(invited_at: DateTime<Utc>, signed_up_at: Option<DateTime<Utc>>) -> bool {
    signed_up_at == Some(invited_at)
}
