//! Holds as sent.

use bigdecimal::BigDecimal;
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read, timestamp_to_wire};

use super::{Hold, HoldKey, HoldStatus, NewHold, Refund};
use crate::error::Error;
use crate::plan::MAX_AMOUNT;

orchard_rpc::wire_enum!(HoldStatus => pb::HoldStatus: Held, Captured, Released, Expired);

pub(super) fn new_hold(request: pb::CreateHoldRequest, currency: &Currency) -> Result<NewHold, Error> {
    let mut fields = Fields::default();
    let key = read_key(&mut fields, &request.family_plan_id, &request.reference);
    let amount = fields.read("amount", currency.positive(request.amount, &MAX_AMOUNT));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    Ok(fields.finish(|| Ok(NewHold { key: key?, amount: amount?, reason: reason? }))?)
}

pub(super) fn key(plan: &str, reference: &str) -> Result<HoldKey, Error> {
    let mut fields = Fields::default();
    let key = read_key(&mut fields, plan, reference);
    Ok(fields.finish(|| key)?)
}

/// Reads the hold to capture, and the part of it, which is all of it when absent.
pub(super) fn capture(request: pb::CaptureHoldRequest, currency: &Currency) -> Result<(HoldKey, Option<BigDecimal>), Error> {
    let mut fields = Fields::default();
    let key = read_key(&mut fields, &request.family_plan_id, &request.reference);
    let amount = request.amount.map(|money| fields.read("amount", currency.positive(Some(money), &MAX_AMOUNT))).transpose();
    Ok(fields.finish(|| Ok((key?, amount?)))?)
}

pub(super) fn refund(request: pb::RefundHoldRequest, currency: &Currency) -> Result<Refund, Error> {
    let mut fields = Fields::default();
    let key = read_key(&mut fields, &request.family_plan_id, &request.reference);
    let reference = fields.read("refund_reference", read::text(&request.refund_reference, 1..=64));
    let amount = fields.read("amount", currency.positive(request.amount, &MAX_AMOUNT));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    Ok(fields.finish(|| Ok(Refund { key: key?, reference: reference?, amount: amount?, reason: reason? }))?)
}

fn read_key(fields: &mut Fields, plan: &str, reference: &str) -> Result<HoldKey, Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(plan));
    let reference = fields.read("reference", read::text(reference, 1..=64));
    Ok(HoldKey { plan: plan?, reference: reference? })
}

pub(super) fn hold(hold: Hold, currency: &Currency) -> pb::Hold {
    pb::Hold {
        hold_id: hold.id.to_string(),
        family_plan_id: hold.family_plan_id.to_string(),
        user_id: hold.user_id.to_string(),
        reference: hold.reference,
        amount: Some(currency.to_wire(&hold.amount)),
        captured_amount: Some(currency.to_wire(&hold.captured_amount)),
        refunded_amount: Some(currency.to_wire(&hold.refunded_amount)),
        reason: hold.reason,
        status: hold.status.into(),
        expire_time: Some(timestamp_to_wire(hold.expires_at)),
        create_time: Some(timestamp_to_wire(hold.created_at)),
    }
}
