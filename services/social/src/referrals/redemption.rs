//! Redeeming credits: the family service deposits them into a wallet, or refuses, and they come back.

mod api;
mod wire;

use std::collections::BTreeSet;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::idempotency::Key;
use orchard_db::{Connection, moment};
use orchard_proto::family::v1 as family;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, read};
use orchard_server::Clock;
use prost_types::Any;
use uuid::Uuid;

use super::credit::{CreditError, Credits, EntryKind, Redemption, RedemptionStatus, store};
use super::earning::Rewards;
use crate::error::Error;
use crate::roll;

/// The sequence number of the event of a redemption, which is its own aggregate and has no other event.
const ONLY: i64 = 1;

/// A request to redeem.
#[derive(Debug, Clone)]
struct Redeem {
    user: Uuid,
    plan: Uuid,
    amount: BigDecimal,
    key: Key,
    rewards: Rewards,
    clock: Clock,
}

impl Redeem {
    /// Takes the credits, and asks the family service to deposit them, unless the request is a repeated one.
    async fn apply(&self, connection: &mut Connection) -> Result<Redemption, Error> {
        let (id, is_new) = self.key.claim_id(connection).await?;
        if !is_new {
            return Ok(store::find(connection, id, self.user).await?.ok_or(CreditError::NoSuchRedemption)?);
        }
        roll::enrol(connection, self.user).await?;
        roll::lock(connection, &BTreeSet::from([self.user])).await?;
        let now = self.clock.at(moment(connection).await?);
        // Rewards whose hold is over can be redeemed, also if no sweep has credited them yet.
        while self.rewards.credit_due(connection, self.user, now).await? > 0 {}
        let credits = store::get(connection, self.user).await?.redeem(&self.amount)?;
        let redemption = self.redemption(id, now);
        store::insert(connection, &redemption).await?;
        let entry = store::NewEntry::redemption(&redemption, EntryKind::Redemption, credits.available(), now);
        store::append(connection, self.user, &credits, &[entry]).await?;
        let event = pb::CreditsRedeemed {
            redemption_id: id.to_string(),
            user_id: self.user.to_string(),
            family_plan_id: self.plan.to_string(),
            amount: Some(self.rewards.currency.to_wire(&self.amount)),
        };
        self.rewards.outbox.publish(connection, id, ONLY, &event).await?;
        Ok(redemption)
    }

    fn redemption(&self, id: Uuid, now: DateTime<Utc>) -> Redemption {
        Redemption {
            id,
            user_id: self.user,
            family_plan_id: self.plan,
            amount: self.amount.clone(),
            status: RedemptionStatus::Pending,
            refusal_reason: None,
            created_at: now,
            ended_at: None,
        }
    }
}

/// What the family service says of a redemption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionAnswer {
    /// The redemption.
    pub redemption: Uuid,
    /// Why nothing was deposited; `None` if the amount was.
    pub refusal: Option<String>,
}

impl RedemptionAnswer {
    /// Reads an event of the family service, if it is one about a redemption.
    pub fn read(payload: &Any) -> Option<Result<Self, String>> {
        match payload.type_url.rsplit('/').next() {
            Some("orchard.family.v1.CreditsDeposited") => Some(Self::deposited(payload)),
            Some("orchard.family.v1.CreditsRejected") => Some(Self::rejected(payload)),
            _ => None,
        }
    }

    fn deposited(payload: &Any) -> Result<Self, String> {
        let event: family::CreditsDeposited = payload.to_msg().map_err(|error| error.to_string())?;
        Ok(Self { redemption: redemption(&event.redemption_id)?, refusal: None })
    }

    fn rejected(payload: &Any) -> Result<Self, String> {
        let event: family::CreditsRejected = payload.to_msg().map_err(|error| error.to_string())?;
        let mut fields = Fields::default();
        let id = fields.read("redemption_id", read::uuid(&event.redemption_id));
        let reason = fields.read("reason", read::text(&event.reason, 1..=50));
        let read = fields.finish(|| Ok(Self { redemption: id?, refusal: Some(reason?) }));
        read.map_err(|violations| violations.to_string())
    }

    /// Settles the redemption, or gives the credits back. Its user must be locked. The first answer counts.
    pub(crate) async fn apply(&self, connection: &mut Connection, clock: &Clock) -> Result<(), Error> {
        let Some(redemption) = store::lock(connection, self.redemption).await? else { return Ok(()) };
        if redemption.status != RedemptionStatus::Pending {
            return Ok(());
        }
        let now = clock.at(moment(connection).await?);
        let Some(reason) = &self.refusal else {
            return Ok(store::end(connection, redemption.id, RedemptionStatus::Settled, None, now).await?);
        };
        let before = store::get(connection, redemption.user_id).await?;
        let credits = Credits { redeemed: &before.redeemed - &redemption.amount, ..before };
        let entry = store::NewEntry::redemption(&redemption, EntryKind::Restoration, credits.available(), now);
        store::append(connection, redemption.user_id, &credits, &[entry]).await?;
        Ok(store::end(connection, redemption.id, RedemptionStatus::Restored, Some(reason), now).await?)
    }
}

/// Returns whether credits of a user are on their way into a wallet.
pub(crate) async fn is_pending(connection: &Connection, user: Uuid) -> diesel::QueryResult<bool> {
    store::has_pending(connection, user).await
}

/// Returns the users of redemptions.
pub(crate) async fn users_of(connection: &Connection, redemptions: &[Uuid]) -> diesel::QueryResult<Vec<Uuid>> {
    store::users_of(connection, redemptions).await
}

fn redemption(id: &str) -> Result<Uuid, String> {
    Fields::one("redemption_id", read::uuid(id)).map_err(|violations| violations.to_string())
}
