//! Holds as sent.

use bigdecimal::BigDecimal;
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Hold, HoldStatus};
use crate::wallet::MOST;

/// Money to hold.
#[derive(Debug, Clone)]
pub(super) struct NewHold {
    pub(super) name: Name,
    pub(super) amount: BigDecimal,
    pub(super) reason: String,
}

/// What names a hold of a service.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) plan: Uuid,
    pub(super) reference: String,
}

pub(super) fn new_hold(request: pb::CreateHoldRequest, currency: &Currency) -> Result<NewHold, Violations> {
    let mut fields = Fields::default();
    let name = read_name(&mut fields, &request.family_plan_id, &request.reference);
    let amount = fields.read("amount", currency.positive(request.amount, &MOST));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    fields.finish(|| Ok(NewHold { name: name?, amount: amount?, reason: reason? }))
}

pub(super) fn name(plan: &str, reference: &str) -> Result<Name, Violations> {
    let mut fields = Fields::default();
    let name = read_name(&mut fields, plan, reference);
    fields.finish(|| name)
}

/// A hold to pay with, as a whole or in part.
pub(super) fn capture(request: pb::CaptureHoldRequest, currency: &Currency) -> Result<(Name, Option<BigDecimal>), Violations> {
    let mut fields = Fields::default();
    let name = read_name(&mut fields, &request.family_plan_id, &request.reference);
    let amount = request.amount.map(|money| fields.read("amount", currency.positive(Some(money), &MOST))).transpose();
    fields.finish(|| Ok((name?, amount?)))
}

/// Money to pay back.
#[derive(Debug, Clone)]
pub(super) struct Refund {
    pub(super) name: Name,
    pub(super) refund_reference: String,
    pub(super) amount: BigDecimal,
    pub(super) reason: String,
}

pub(super) fn refund(request: pb::RefundHoldRequest, currency: &Currency) -> Result<Refund, Violations> {
    let mut fields = Fields::default();
    let name = read_name(&mut fields, &request.family_plan_id, &request.reference);
    let refund_reference = fields.read("refund_reference", read::text(&request.refund_reference, 1..=64));
    let amount = fields.read("amount", currency.positive(request.amount, &MOST));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    fields.finish(|| Ok(Refund { name: name?, refund_reference: refund_reference?, amount: amount?, reason: reason? }))
}

fn read_name(fields: &mut Fields, plan: &str, reference: &str) -> Result<Name, Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(plan));
    let reference = fields.read("reference", read::text(reference, 1..=64));
    Ok(Name { plan: plan?, reference: reference? })
}

pub(super) fn hold(hold: Hold, currency: &Currency) -> pb::Hold {
    let status = match hold.status {
        HoldStatus::Held => pb::HoldStatus::Held,
        HoldStatus::Captured => pb::HoldStatus::Captured,
        HoldStatus::Released => pb::HoldStatus::Released,
        HoldStatus::Expired => pb::HoldStatus::Expired,
    };
    pb::Hold {
        hold_id: hold.id.to_string(),
        family_plan_id: hold.family_plan_id.to_string(),
        user_id: hold.user_id.to_string(),
        reference: hold.reference,
        amount: Some(currency.to_wire(&hold.amount)),
        captured_amount: Some(currency.to_wire(&hold.captured_amount)),
        refunded_amount: Some(currency.to_wire(&hold.refunded_amount)),
        reason: hold.reason,
        status: status.into(),
        expire_time: Some(timestamp_to_wire(hold.expires_at)),
        create_time: Some(timestamp_to_wire(hold.created_at)),
    }
}
