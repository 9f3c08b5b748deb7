//! Use cases of holds.

use bigdecimal::BigDecimal;
use orchard_db::{Connection, Db};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::hold_service_server::HoldService;
use orchard_rpc::Currency;
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Ending, Hold, HoldStatus, may_take, store, wire};
use crate::error::Error;
use crate::hold::HoldError;
use crate::plan::PlanError;
use crate::plan::{self, Plan};
use crate::wallet::WalletError;
use crate::wallet::store::Source;
use crate::wallet::{self, Entry, EntryKind};

/// Serves `HoldService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
}

impl Api {
    /// Serves holds in `currency` from `db`.
    pub fn new(db: Db, currency: Currency) -> Self {
        Self { db, currency }
    }
}

#[tonic::async_trait]
impl HoldService for Api {
    async fn create_hold(&self, request: Request<pb::CreateHoldRequest>) -> Result<Response<pb::CreateHoldResponse>, Status> {
        let (service, user) = (Caller::service(&request)?, Caller::user(&request)?.id);
        let new = wire::new_hold(request.into_inner(), &self.currency).map_err(Error::from)?;
        let unit = async move |connection: &mut Connection| create(connection, &new, &service, user).await;
        let hold = self.db.write("create hold", unit).await?;
        Ok(Response::new(pb::CreateHoldResponse { hold: Some(wire::hold(hold, &self.currency)) }))
    }

    async fn get_hold(&self, request: Request<pb::GetHoldRequest>) -> Result<Response<pb::GetHoldResponse>, Status> {
        let service = Caller::service(&request)?;
        let request = request.into_inner();
        let name = wire::name(&request.family_plan_id, &request.reference).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::by_reference(&connection, name.plan, &service, &name.reference).await.map_err(Error::from)?;
        let hold = found.ok_or_else(|| Error::from(HoldError::NotFound))?;
        Ok(Response::new(pb::GetHoldResponse { hold: Some(wire::hold(hold, &self.currency)) }))
    }

    async fn capture_hold(&self, request: Request<pb::CaptureHoldRequest>) -> Result<Response<pb::CaptureHoldResponse>, Status> {
        let service = Caller::service(&request)?;
        let (name, amount) = wire::capture(request.into_inner(), &self.currency).map_err(Error::from)?;
        let unit = async move |connection: &mut Connection| capture(connection, &name, &service, amount.as_ref()).await;
        let (hold, entry) = self.db.write("capture hold", unit).await?;
        Ok(Response::new(pb::CaptureHoldResponse {
            hold: Some(wire::hold(hold, &self.currency)),
            entry: Some(wallet::wire::entry(entry, None, &self.currency)),
        }))
    }

    async fn release_hold(&self, request: Request<pb::ReleaseHoldRequest>) -> Result<Response<pb::ReleaseHoldResponse>, Status> {
        let service = Caller::service(&request)?;
        let request = request.into_inner();
        let name = wire::name(&request.family_plan_id, &request.reference).map_err(Error::from)?;
        let unit = async move |connection: &mut Connection| release(connection, &name, &service).await;
        let hold = self.db.write("release hold", unit).await?;
        Ok(Response::new(pb::ReleaseHoldResponse { hold: Some(wire::hold(hold, &self.currency)) }))
    }

    async fn refund_hold(&self, request: Request<pb::RefundHoldRequest>) -> Result<Response<pb::RefundHoldResponse>, Status> {
        let service = Caller::service(&request)?;
        let refund = wire::refund(request.into_inner(), &self.currency).map_err(Error::from)?;
        let unit = async move |connection: &mut Connection| self::refund(connection, &refund, &service).await;
        let (hold, entry) = self.db.write("refund hold", unit).await?;
        Ok(Response::new(pb::RefundHoldResponse {
            hold: Some(wire::hold(hold, &self.currency)),
            entry: Some(wallet::wire::entry(entry, None, &self.currency)),
        }))
    }
}

async fn create(connection: &mut Connection, new: &wire::NewHold, service: &str, user: Uuid) -> Result<Hold, Error> {
    let wire::Name { plan, reference } = &new.name;
    let (plan, standing) =
        plan::store::lock_for_member(connection, *plan, user).await?.ok_or_else(|| Error::from(PlanError::NotFound))?;
    if let Some(hold) = store::by_reference(connection, plan.id, service, reference).await? {
        return if hold.is_of(user, &new.amount, &new.reason) { Ok(hold) } else { Err(WalletError::ReferenceReused.into()) };
    }
    if wallet::store::by_reference(connection, plan.id, service, reference).await?.is_some() {
        // A refund has it, so this could not be captured.
        return Err(WalletError::ReferenceReused.into());
    }
    plan.in_use()?;
    let plan = may_take(connection, plan, &standing, user, &new.amount).await?;
    let row = store::NewRow { user, service, reference, amount: &new.amount, reason: &new.reason };
    Ok(store::insert(connection, &plan, row).await?)
}

async fn capture(
    connection: &mut Connection,
    name: &wire::Name,
    service: &str,
    amount: Option<&BigDecimal>,
) -> Result<(Hold, Entry), Error> {
    let (plan, hold) = lock(connection, name, service).await?;
    let amount = amount.unwrap_or(&hold.amount);
    if hold.capture(amount)? == Ending::Ended {
        let entry = wallet::store::by_reference(connection, plan.id, service, &hold.reference).await?;
        return Ok((hold, entry.ok_or_else(|| Error::from(HoldError::NotFound))?));
    }
    plan.in_use()?;
    let ended = store::end(connection, &plan, &hold, HoldStatus::Captured, amount).await?;
    let movement = wallet::take(&plan, EntryKind::Capture, amount);
    let source =
        Source { user: Some(hold.user_id), service, reference: &hold.reference, reason: &hold.reason, hold: Some(hold.id) };
    let entry = wallet::store::append(connection, Uuid::now_v7(), plan.id, &movement, source).await?;
    Ok((ended, entry))
}

async fn release(connection: &mut Connection, name: &wire::Name, service: &str) -> Result<Hold, Error> {
    let (plan, hold) = lock(connection, name, service).await?;
    match hold.release()? {
        Ending::End => Ok(store::end(connection, &plan, &hold, HoldStatus::Released, &BigDecimal::default()).await?),
        Ending::Ended => Ok(hold),
    }
}

async fn refund(connection: &mut Connection, refund: &wire::Refund, service: &str) -> Result<(Hold, Entry), Error> {
    let (plan, hold) = lock(connection, &refund.name, service).await?;
    if let Some(entry) = wallet::store::by_reference(connection, plan.id, service, &refund.refund_reference).await? {
        let same = entry.hold_id == Some(hold.id) && entry.is_of(&refund.amount, &refund.reason);
        return if same { Ok((hold, entry)) } else { Err(WalletError::ReferenceReused.into()) };
    }
    if store::by_reference(connection, plan.id, service, &refund.refund_reference).await?.is_some() {
        return Err(WalletError::ReferenceReused.into());
    }
    hold.refund(&refund.amount)?;
    let movement = wallet::put(&plan, EntryKind::Refund, &refund.amount)?;
    let refunded = store::refund(connection, hold.id, &refund.amount).await?;
    let source = Source {
        user: Some(hold.user_id),
        service,
        reference: &refund.refund_reference,
        reason: &refund.reason,
        hold: Some(hold.id),
    };
    let entry = wallet::store::append(connection, Uuid::now_v7(), plan.id, &movement, source).await?;
    Ok((refunded, entry))
}

/// Locks the plan, lets expire what is due, and then finds the hold as it is.
async fn lock(connection: &mut Connection, name: &wire::Name, service: &str) -> Result<(Plan, Hold), Error> {
    let plan = plan::store::lock(connection, name.plan).await?.ok_or_else(|| Error::from(HoldError::NotFound))?;
    let plan = store::expire(connection, plan).await?;
    let hold = store::by_reference(connection, plan.id, service, &name.reference).await?;
    Ok((plan, hold.ok_or_else(|| Error::from(HoldError::NotFound))?))
}
