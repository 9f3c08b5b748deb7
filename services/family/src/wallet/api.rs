//! Use cases of the wallet.

use orchard_db::idempotency::Key;
use orchard_db::{Connection, Db, moment};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::wallet_service_server::WalletService;
use orchard_rpc::{Answer, Page};
use orchard_server::{Caller, Slice as _};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Deposit, Spend, Wallet, wire};
use crate::error::Error;
use crate::ledger::store::Source;
use crate::ledger::{self, EntryKind, LedgerError, WalletEntry};
use crate::plan::PlanError;
use crate::plan::store::{lock, lock_for_member, seen_by};
use crate::wire::{plan_id, plan_page};
use crate::{Api, Service, hold};

impl Api {
    fn entry(&self, entry: WalletEntry, viewer: Option<Uuid>) -> pb::Entry {
        ledger::wire::entry(entry, viewer, &self.currency)
    }
}

#[tonic::async_trait]
impl WalletService for Api {
    async fn deposit(&self, request: Request<pb::DepositRequest>) -> Answer<pb::DepositResponse> {
        let service = Caller::service(&request)?;
        let new = wire::deposit(request.into_inner(), &self.currency)?;
        let unit = async move |connection: &mut Connection| deposit(connection, &new, &service).await;
        let entry = self.db.write("deposit", unit).await?;
        Ok(Response::new(pb::DepositResponse { entry: Some(self.entry(entry, None)) }))
    }

    async fn spend(&self, request: Request<pb::SpendRequest>) -> Answer<pb::SpendResponse> {
        let user = Caller::user(&request)?.id;
        let (key, new) = wire::spend(request.get_ref(), user, &self.currency)?;
        let unit = async move |connection: &mut Connection| spend(connection, &key, &new, user).await;
        let entry = self.db.write("spend", unit).await?;
        Ok(Response::new(pb::SpendResponse { entry: Some(self.entry(entry, Some(user))) }))
    }

    async fn get_wallet(&self, request: Request<pb::GetWalletRequest>) -> Answer<pb::GetWalletResponse> {
        let viewer = Caller::user(&request)?.id;
        let plan = plan_id(&request.get_ref().family_plan_id)?;
        // In one snapshot: the balance before a capture, minus the holds after it, would show money that was never available.
        let wallet = self.db.snapshot(async move |connection: &mut Connection| get(connection, plan, viewer).await).await?;
        Ok(Response::new(pb::GetWalletResponse { wallet: Some(wire::wallet(&wallet, &self.currency)) }))
    }

    async fn list_entries(&self, request: Request<pb::ListEntriesRequest>) -> Answer<pb::ListEntriesResponse> {
        let viewer = Caller::user(&request)?.id;
        let Page { rows, next_page_token } = list(&self.db, request.get_ref(), viewer).await?;
        let entries = rows.into_iter().map(|entry| self.entry(entry, Some(viewer))).collect();
        Ok(Response::new(pb::ListEntriesResponse { entries, next_page_token }))
    }
}

async fn list(db: &Db, request: &pb::ListEntriesRequest, viewer: Uuid) -> Result<Page<WalletEntry>, Error> {
    let pb::ListEntriesRequest { family_plan_id, page_size, page_token } = request;
    let (plan, page) = plan_page("ListEntries", family_plan_id, viewer, *page_size, page_token)?;
    let connection = db.read().await?;
    let (_, rights) = seen_by(&connection, plan, viewer).await?;
    rights.may_read_wallet()?;
    let rows = ledger::store::list(&connection, plan, page.after, page.fetch()).await?;
    Ok(page.page(rows, |entry| entry.sequence))
}

async fn get(connection: &mut Connection, plan: Uuid, viewer: Uuid) -> Result<Wallet, Error> {
    let (plan, rights) = seen_by(connection, plan, viewer).await?;
    rights.may_read_wallet()?;
    let now = moment(connection).await?;
    Ok(Wallet {
        family_plan_id: plan.id,
        held: hold::store::held(connection, plan.id).await?,
        spent_today: hold::spent_on(connection, &plan, viewer, now).await?,
        balance: plan.shared_wallet_balance,
        daily_spend_limit: rights.permissions.daily_spend_limit,
    })
}

/// Looks the reference up under the lock of the plan. The UNIQUE constraint would refuse what slipped through.
async fn deposit(connection: &mut Connection, new: &Deposit, service: &str) -> Result<WalletEntry, Error> {
    let plan = lock(connection, new.plan).await?.ok_or(PlanError::NotFound)?;
    if let Some(entry) = ledger::store::by_reference(connection, plan.id, service, &new.reference).await? {
        let same = entry.repeats(&new.amount, &new.reason);
        return if same { Ok(entry) } else { Err(LedgerError::ReferenceReused.into()) };
    }
    plan.check_active()?;
    let movement = ledger::put(&plan, EntryKind::Deposit, &new.amount)?;
    let source = Source { user: None, service, reference: &new.reference, reason: &new.reason, hold: None };
    Ok(ledger::store::append(connection, Uuid::now_v7(), plan.id, &movement, source).await?)
}

async fn spend(connection: &mut Connection, key: &Key, new: &Spend, user: Uuid) -> Result<WalletEntry, Error> {
    let (id, first) = key.claim_id(connection).await?;
    if !first {
        return Ok(ledger::store::get(connection, id).await?);
    }
    let (plan, rights) = lock_for_member(connection, new.plan, user).await?;
    plan.check_active()?;
    let plan = hold::may_take(connection, plan, &rights, user, &new.amount).await?;
    let movement = ledger::take(&plan, EntryKind::Spend, &new.amount);
    let reference = format!("{}{}", user.simple(), new.request_id.simple());
    let source = Source { user: Some(user), service: Service::NAME, reference: &reference, reason: &new.reason, hold: None };
    Ok(ledger::store::append(connection, id, plan.id, &movement, source).await?)
}
