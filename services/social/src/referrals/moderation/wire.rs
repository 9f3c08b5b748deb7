//! Cases as messages.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, read, timestamp_to_wire};
use uuid::Uuid;

use crate::error::Error;
use crate::referrals::case::{Case, Decision};
use crate::referrals::order::LateRefund;

/// A decision as it is sent.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) case: Uuid,
    pub(super) decision: Decision,
    pub(super) note: Option<String>,
    pub(super) key: Key,
}

/// Reads a decision.
pub(super) fn decision(request: &pb::DecideReferralCaseRequest, moderator: Uuid) -> Result<Decided, Error> {
    let mut fields = Fields::default();
    let case = fields.read("referral_case_id", read::uuid(&request.referral_case_id));
    let decision = fields.read("decision", request.decision.try_into());
    let note = fields.read("note", read::long_text(&request.note, 0..=500));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let key = Key::new(moderator, "DecideReferralCase", request_id?, Keep::Forever, request);
        let note = Some(note?).filter(|note| !note.is_empty());
        Ok(Decided { case: case?, decision: decision?, note, key })
    })?)
}

pub(super) fn case(case: Case) -> pb::ReferralCase {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    pb::ReferralCase {
        referral_case_id: case.id.to_string(),
        kind: case.kind.into(),
        rule: case.rule.into(),
        claimant_user_id: case.claimant_id.to_string(),
        referrer_user_id: case.referrer_id.to_string(),
        referral_id: text(case.referral_id),
        create_time: Some(timestamp_to_wire(case.created_at)),
        decision: case.decision.map(i32::from).unwrap_or_default(),
        note: case.note.unwrap_or_default(),
        moderator_user_id: text(case.moderator_id),
        decision_time: case.decided_at.map(timestamp_to_wire),
    }
}

pub(super) fn late_refund(refund: LateRefund, currency: &Currency) -> pb::LateRefund {
    pb::LateRefund {
        order_id: refund.order,
        user_id: refund.user.to_string(),
        refunded_amount: Some(currency.to_wire(&refund.amount)),
        refund_time: Some(timestamp_to_wire(refund.at)),
    }
}
