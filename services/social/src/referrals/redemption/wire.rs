//! Credits as messages.

use bigdecimal::BigDecimal;
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, read, timestamp_to_wire};
use uuid::Uuid;

use crate::error::Error;
use crate::referrals::credit::store::Entry;
use crate::referrals::credit::{Credits, Redemption};
use crate::referrals::terms::MAX_AMOUNT;

/// Reads a request to redeem: the plan, the amount, and the key.
pub(super) fn redeem(
    request: &pb::RedeemCreditsRequest,
    caller: Uuid,
    currency: &Currency,
) -> Result<(Uuid, BigDecimal, Key), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let amount = fields.read("amount", currency.positive(request.amount.clone(), &MAX_AMOUNT));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let key = Key::new(caller, "RedeemCredits", request_id?, Keep::Forever, request);
        Ok((plan?, amount?, key))
    })?)
}

pub(super) fn credits(credits: &Credits, pending: &BigDecimal, currency: &Currency) -> pb::Credits {
    pb::Credits {
        earned: Some(currency.to_wire(&credits.earned)),
        redeemed: Some(currency.to_wire(&credits.redeemed)),
        available: Some(currency.to_wire(&credits.available())),
        pending: Some(currency.to_wire(pending)),
    }
}

pub(super) fn entry(entry: Entry, currency: &Currency) -> pb::CreditEntry {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    pb::CreditEntry {
        credit_entry_id: entry.id.to_string(),
        kind: entry.kind.into(),
        amount: Some(currency.to_wire(&entry.amount)),
        available: Some(currency.to_wire(&entry.available)),
        referral_id: text(entry.referral_id),
        redemption_id: text(entry.redemption_id),
        create_time: Some(timestamp_to_wire(entry.created_at)),
    }
}

pub(super) fn redemption(redemption: Redemption, currency: &Currency) -> pb::Redemption {
    pb::Redemption {
        redemption_id: redemption.id.to_string(),
        family_plan_id: redemption.family_plan_id.to_string(),
        amount: Some(currency.to_wire(&redemption.amount)),
        status: redemption.status.into(),
        refusal_reason: redemption.refusal_reason.unwrap_or_default(),
        create_time: Some(timestamp_to_wire(redemption.created_at)),
        end_time: redemption.ended_at.map(timestamp_to_wire),
    }
}
