//! The wallet as sent.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, read};
use uuid::Uuid;

use super::{Deposit, Spend, Wallet};
use crate::error::Error;
use crate::plan::MAX_AMOUNT;

pub(super) fn deposit(request: pb::DepositRequest, currency: &Currency) -> Result<Deposit, Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let amount = fields.read("amount", currency.positive(request.amount, &MAX_AMOUNT));
    let reference = fields.read("reference", read::text(&request.reference, 1..=64));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    Ok(fields.finish(|| Ok(Deposit { plan: plan?, amount: amount?, reference: reference?, reason: reason? }))?)
}

pub(super) fn spend(request: &pb::SpendRequest, caller: Uuid, currency: &Currency) -> Result<(Key, Spend), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let amount = fields.read("amount", currency.positive(request.amount.clone(), &MAX_AMOUNT));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let spend = Spend { plan: plan?, amount: amount?, reason: reason?, request_id: request_id? };
        Ok((Key::new(caller, "Spend", spend.request_id, Keep::Forever, request), spend))
    })?)
}

pub(super) fn wallet(wallet: &Wallet, currency: &Currency) -> pb::Wallet {
    pb::Wallet {
        family_plan_id: wallet.family_plan_id.to_string(),
        balance: Some(currency.to_wire(&wallet.balance)),
        held: Some(currency.to_wire(&wallet.held)),
        available: Some(currency.to_wire(&(&wallet.balance - &wallet.held))),
        daily_spend_limit: wallet.daily_spend_limit.as_ref().map(|limit| currency.to_wire(limit)),
        spent_today: Some(currency.to_wire(&wallet.spent_today)),
    }
}
