//! Use cases of holds.

use bigdecimal::BigDecimal;
use orchard_db::{Connection, Db};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::hold_service_server::HoldService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Hold, HoldError, HoldKey, HoldStatus, NewHold, Refund, may_take, store, wire};
use crate::Api;
use crate::error::Error;
use crate::ledger::store::Source;
use crate::ledger::{self, EntryKind, LedgerError, WalletEntry};
use crate::plan::store::lock_for_member;
use crate::plan::{self, Plan};
use crate::transition::Transition;

impl Api {
    fn hold_and_entry(&self, (hold, entry): (Hold, WalletEntry)) -> (Option<pb::Hold>, Option<pb::Entry>) {
        (Some(wire::hold(hold, &self.currency)), Some(ledger::wire::entry(entry, None, &self.currency)))
    }
}

#[tonic::async_trait]
impl HoldService for Api {
    async fn create_hold(&self, request: Request<pb::CreateHoldRequest>) -> Answer<pb::CreateHoldResponse> {
        let (service, user) = (Caller::service(&request)?, Caller::user(&request)?.id);
        let new = wire::new_hold(request.into_inner(), &self.currency)?;
        let unit = async move |connection: &mut Connection| create(connection, &new, &service, user).await;
        let hold = self.db.write("create hold", unit).await?;
        Ok(Response::new(pb::CreateHoldResponse { hold: Some(wire::hold(hold, &self.currency)) }))
    }

    async fn get_hold(&self, request: Request<pb::GetHoldRequest>) -> Answer<pb::GetHoldResponse> {
        let service = Caller::service(&request)?;
        let key = wire::key(&request.get_ref().family_plan_id, &request.get_ref().reference)?;
        let hold = get(&self.db, &key, &service).await?;
        Ok(Response::new(pb::GetHoldResponse { hold: Some(wire::hold(hold, &self.currency)) }))
    }

    async fn capture_hold(&self, request: Request<pb::CaptureHoldRequest>) -> Answer<pb::CaptureHoldResponse> {
        let service = Caller::service(&request)?;
        let (key, amount) = wire::capture(request.into_inner(), &self.currency)?;
        let unit = async move |connection: &mut Connection| capture(connection, &key, &service, amount.as_ref()).await;
        let (hold, entry) = self.hold_and_entry(self.db.write("capture hold", unit).await?);
        Ok(Response::new(pb::CaptureHoldResponse { hold, entry }))
    }

    async fn release_hold(&self, request: Request<pb::ReleaseHoldRequest>) -> Answer<pb::ReleaseHoldResponse> {
        let service = Caller::service(&request)?;
        let key = wire::key(&request.get_ref().family_plan_id, &request.get_ref().reference)?;
        let unit = async move |connection: &mut Connection| release(connection, &key, &service).await;
        let hold = self.db.write("release hold", unit).await?;
        Ok(Response::new(pb::ReleaseHoldResponse { hold: Some(wire::hold(hold, &self.currency)) }))
    }

    async fn refund_hold(&self, request: Request<pb::RefundHoldRequest>) -> Answer<pb::RefundHoldResponse> {
        let service = Caller::service(&request)?;
        let new = wire::refund(request.into_inner(), &self.currency)?;
        let unit = async move |connection: &mut Connection| refund(connection, &new, &service).await;
        let (hold, entry) = self.hold_and_entry(self.db.write("refund hold", unit).await?);
        Ok(Response::new(pb::RefundHoldResponse { hold, entry }))
    }
}

async fn get(db: &Db, key: &HoldKey, service: &str) -> Result<Hold, Error> {
    let found = store::find(&*db.read().await?, service, key).await?;
    Ok(found.ok_or(HoldError::NotFound)?)
}

async fn create(connection: &mut Connection, new: &NewHold, service: &str, user: Uuid) -> Result<Hold, Error> {
    let (plan, rights) = lock_for_member(connection, new.key.plan, user).await?;
    if let Some(hold) = store::find(connection, service, &new.key).await? {
        let same = hold.repeats(user, &new.amount, &new.reason);
        return if same { Ok(hold) } else { Err(LedgerError::ReferenceReused.into()) };
    }
    if ledger::store::by_reference(connection, plan.id, service, &new.key.reference).await?.is_some() {
        // A refund uses the reference, so the hold could not be captured under it.
        return Err(LedgerError::ReferenceReused.into());
    }
    plan.check_active()?;
    let plan = may_take(connection, plan, &rights, user, &new.amount).await?;
    Ok(store::insert(connection, &plan, service, user, new).await?)
}

async fn capture(
    connection: &mut Connection,
    key: &HoldKey,
    service: &str,
    amount: Option<&BigDecimal>,
) -> Result<(Hold, WalletEntry), Error> {
    let (plan, hold) = lock(connection, key, service).await?;
    let amount = amount.unwrap_or(&hold.amount);
    if hold.capture(amount)? == Transition::Done {
        let entry = ledger::store::by_reference(connection, plan.id, service, &hold.reference).await?;
        return Ok((hold, entry.ok_or(HoldError::NotFound)?));
    }
    plan.check_active()?;
    let captured = store::end(connection, &plan, &hold, HoldStatus::Captured, amount).await?;
    let movement = ledger::take(&plan, EntryKind::Capture, amount);
    let source =
        Source { user: Some(hold.user_id), service, reference: &hold.reference, reason: &hold.reason, hold: Some(hold.id) };
    let entry = ledger::store::append(connection, Uuid::now_v7(), plan.id, &movement, source).await?;
    Ok((captured, entry))
}

async fn release(connection: &mut Connection, key: &HoldKey, service: &str) -> Result<Hold, Error> {
    let (plan, hold) = lock(connection, key, service).await?;
    match hold.release()? {
        Transition::Due => Ok(store::end(connection, &plan, &hold, HoldStatus::Released, &BigDecimal::default()).await?),
        Transition::Done => Ok(hold),
    }
}

async fn refund(connection: &mut Connection, new: &Refund, service: &str) -> Result<(Hold, WalletEntry), Error> {
    let (plan, hold) = lock(connection, &new.key, service).await?;
    if let Some(entry) = ledger::store::by_reference(connection, plan.id, service, &new.reference).await? {
        let same = entry.hold_id == Some(hold.id) && entry.repeats(&new.amount, &new.reason);
        return if same { Ok((hold, entry)) } else { Err(LedgerError::ReferenceReused.into()) };
    }
    let other = HoldKey { plan: plan.id, reference: new.reference.clone() };
    if store::find(connection, service, &other).await?.is_some() {
        return Err(LedgerError::ReferenceReused.into());
    }
    hold.refund(&new.amount)?;
    let movement = ledger::put(&plan, EntryKind::Refund, &new.amount)?;
    let refunded = store::refund(connection, hold.id, &new.amount).await?;
    let source =
        Source { user: Some(hold.user_id), service, reference: &new.reference, reason: &new.reason, hold: Some(hold.id) };
    let entry = ledger::store::append(connection, Uuid::now_v7(), plan.id, &movement, source).await?;
    Ok((refunded, entry))
}

/// Locks the plan, ends its expired holds, and returns it with the hold.
async fn lock(connection: &mut Connection, key: &HoldKey, service: &str) -> Result<(Plan, Hold), Error> {
    let plan = plan::store::lock(connection, key.plan).await?.ok_or(HoldError::NotFound)?;
    let plan = store::expire(connection, plan).await?;
    let hold = store::find(connection, service, key).await?.ok_or(HoldError::NotFound)?;
    Ok((plan, hold))
}
