//! The wallet as sent.

use bigdecimal::BigDecimal;
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Entry, EntryKind, MOST};

/// Money to put in.
#[derive(Debug, Clone)]
pub(super) struct Deposit {
    pub(super) plan: Uuid,
    pub(super) amount: BigDecimal,
    pub(super) reference: String,
    pub(super) reason: String,
}

pub(super) fn deposit(request: pb::DepositRequest, currency: &Currency) -> Result<Deposit, Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let amount = fields.read("amount", currency.positive(request.amount, &MOST));
    let reference = fields.read("reference", read::text(&request.reference, 1..=64));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    fields.finish(|| Ok(Deposit { plan: plan?, amount: amount?, reference: reference?, reason: reason? }))
}

/// Money to take out.
#[derive(Debug, Clone)]
pub(super) struct Spend {
    pub(super) key: Key,
    pub(super) request_id: Uuid,
    pub(super) plan: Uuid,
    pub(super) amount: BigDecimal,
    pub(super) reason: String,
}

pub(super) fn spend(request: &pb::SpendRequest, caller: Uuid, currency: &Currency) -> Result<Spend, Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let amount = fields.read("amount", currency.positive(request.amount.clone(), &MOST));
    let reason = fields.read("reason", read::text(&request.reason, 1..=140));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        let request_id = request_id?;
        let key = Key::new(caller, "Spend", request_id, Keep::Forever, request);
        Ok(Spend { key, request_id, plan: plan?, amount: amount?, reason: reason? })
    })
}

pub(super) fn list(request: &pb::ListEntriesRequest, viewer: Uuid) -> Result<(Uuid, PageRequest<i64>), Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let query = format!("ListEntries {} {viewer}", request.family_plan_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((plan?, page?)))
}

/// A line as a member may see it; as the service that moves the money does, without one.
pub(crate) fn entry(entry: Entry, viewer: Option<Uuid>, currency: &Currency) -> pb::Entry {
    let reason = viewer.map_or(entry.reason.as_str(), |viewer| entry.reason_for(viewer)).to_owned();
    let kind = match entry.kind {
        EntryKind::Deposit => pb::EntryKind::Deposit,
        EntryKind::Spend => pb::EntryKind::Spend,
        EntryKind::Capture => pb::EntryKind::Capture,
        EntryKind::Refund => pb::EntryKind::Refund,
    };
    pb::Entry {
        entry_id: entry.id.to_string(),
        kind: kind.into(),
        amount: Some(currency.to_wire(&entry.amount)),
        balance: Some(currency.to_wire(&entry.balance)),
        user_id: entry.user_id.map(|id| id.to_string()).unwrap_or_default(),
        reason,
        create_time: Some(timestamp_to_wire(entry.created_at)),
        service: entry.service,
    }
}

/// What is in a wallet, for one member.
pub(super) struct Contents {
    pub(super) plan: Uuid,
    pub(super) balance: BigDecimal,
    pub(super) held: BigDecimal,
    pub(super) daily_spend_limit: Option<BigDecimal>,
    pub(super) spent_today: BigDecimal,
}

pub(super) fn wallet(contents: &Contents, currency: &Currency) -> pb::Wallet {
    pb::Wallet {
        family_plan_id: contents.plan.to_string(),
        balance: Some(currency.to_wire(&contents.balance)),
        held: Some(currency.to_wire(&contents.held)),
        available: Some(currency.to_wire(&(&contents.balance - &contents.held))),
        daily_spend_limit: contents.daily_spend_limit.as_ref().map(|limit| currency.to_wire(limit)),
        spent_today: Some(currency.to_wire(&contents.spent_today)),
    }
}
