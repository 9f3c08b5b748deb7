//! Use cases of the wallet.

use orchard_db::{Connection, Db};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::wallet_service_server::WalletService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::store::Source;
use super::{Entry, EntryKind, store, wire};
use crate::error::Error;
use crate::plan::PlanError;
use crate::wallet::WalletError;
use crate::{Service, hold, plan, wallet};

/// Serves `WalletService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
}

impl Api {
    /// Serves wallets in `currency` from `db`.
    pub fn new(db: Db, currency: Currency) -> Self {
        Self { db, currency }
    }
}

#[tonic::async_trait]
impl WalletService for Api {
    async fn deposit(&self, request: Request<pb::DepositRequest>) -> Result<Response<pb::DepositResponse>, Status> {
        let service = Caller::service(&request)?;
        let new = wire::deposit(request.into_inner(), &self.currency).map_err(Error::from)?;
        let entry = self.db.write("deposit", async move |connection| deposit(connection, &new, &service).await).await?;
        Ok(Response::new(pb::DepositResponse { entry: Some(wire::entry(entry, None, &self.currency)) }))
    }

    async fn spend(&self, request: Request<pb::SpendRequest>) -> Result<Response<pb::SpendResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let new = wire::spend(request.get_ref(), user, &self.currency).map_err(Error::from)?;
        let entry = self.db.write("spend", async move |connection| spend(connection, &new, user).await).await?;
        Ok(Response::new(pb::SpendResponse { entry: Some(wire::entry(entry, Some(user), &self.currency)) }))
    }

    async fn get_wallet(&self, request: Request<pb::GetWalletRequest>) -> Result<Response<pb::GetWalletResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        // At one moment: a balance of before a capture, less what is held after it, would show money that was never there.
        let contents = self.db.snapshot(async move |connection| contents(connection, id, viewer).await).await?;
        Ok(Response::new(pb::GetWalletResponse { wallet: Some(wire::wallet(&contents, &self.currency)) }))
    }

    async fn list_entries(&self, request: Request<pb::ListEntriesRequest>) -> Result<Response<pb::ListEntriesResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (plan, asked) = wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let seen = plan::store::seen_by(&connection, plan, viewer).await.map_err(Error::from)?;
        let (_, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
        standing.may_list_entries().map_err(Error::from)?;
        let rows = store::list(&connection, plan, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |entry| entry.sequence);
        Ok(Response::new(pb::ListEntriesResponse {
            entries: page.rows.into_iter().map(|entry| wire::entry(entry, Some(viewer), &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }
}

async fn contents(connection: &mut Connection, id: Uuid, viewer: Uuid) -> Result<wire::Contents, Error> {
    let (plan, standing) = plan::store::seen_by(connection, id, viewer).await?.ok_or_else(|| Error::from(PlanError::NotFound))?;
    standing.may_list_entries()?;
    let now = plan::store::moment(connection).await?;
    Ok(wire::Contents {
        plan: id,
        held: hold::store::held(connection, id).await?,
        spent_today: hold::spent_on(connection, &plan, viewer, now).await?,
        balance: plan.shared_wallet_balance,
        daily_spend_limit: standing.permissions.daily_spend_limit,
    })
}

/// The plan's lock makes the look-up by reference safe; its UNIQUE would refuse what slipped through.
async fn deposit(connection: &mut Connection, new: &wire::Deposit, service: &str) -> Result<Entry, Error> {
    let plan = plan::store::lock(connection, new.plan).await?.ok_or_else(|| Error::from(PlanError::NotFound))?;
    if let Some(entry) = store::by_reference(connection, new.plan, service, &new.reference).await? {
        return if entry.is_of(&new.amount, &new.reason) { Ok(entry) } else { Err(WalletError::ReferenceReused.into()) };
    }
    plan.in_use()?;
    let movement = wallet::put(&plan, EntryKind::Deposit, &new.amount)?;
    let source = Source { user: None, service, reference: &new.reference, reason: &new.reason, hold: None };
    Ok(store::append(connection, Uuid::now_v7(), plan.id, &movement, source).await?)
}

async fn spend(connection: &mut Connection, new: &wire::Spend, user: Uuid) -> Result<Entry, Error> {
    let (id, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
    if !first {
        return Ok(store::get(connection, id).await?);
    }
    let seen = plan::store::lock_for_member(connection, new.plan, user).await?;
    let (plan, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
    plan.in_use()?;
    let plan = hold::may_take(connection, plan, &standing, user, &new.amount).await?;
    let movement = wallet::take(&plan, EntryKind::Spend, &new.amount);
    let reference = format!("{}{}", user.simple(), new.request_id.simple());
    let service = <Service as orchard_server::Slice>::NAME;
    let source = Source { user: Some(user), service, reference: &reference, reason: &new.reason, hold: None };
    Ok(store::append(connection, id, plan.id, &movement, source).await?)
}
