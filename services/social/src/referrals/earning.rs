//! What becomes of the reward of a claimed referral: earned, withheld, taken back, credited.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_privacy::roll::is_pseudonym;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, timestamp_to_wire};
use uuid::Uuid;

use super::referral::store::{self, Outcome};
use super::referral::{Referral, RewardStatus};
use super::terms::Terms;
use super::{case, credit};
use crate::error::Error;
use crate::notification::{self, Topic};
use crate::rewards::award::{Awards, Entity, EntityType};
use crate::rewards::milestone::{self, MilestoneType};

/// The sequence numbers of the events of a referral, which is their aggregate.
const EARNED: i64 = 1;
const CREDITED: i64 = 2;

/// Gives rewards. The referrer must be locked, and so must the referral.
#[derive(Debug, Clone)]
pub(crate) struct Rewards {
    pub(crate) terms: Terms,
    pub(crate) awards: Awards,
    pub(crate) outbox: Outbox,
    pub(crate) currency: Currency,
}

/// The first order of a referee.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bought {
    pub(super) at: DateTime<Utc>,
    /// Whether all of it was refunded meanwhile.
    pub(super) is_refunded: bool,
    /// Whether the means of payment is that of another user of the group, which no moderator has approved.
    pub(super) shares_payment: bool,
}

impl Rewards {
    /// Decides what a first order makes of a pending referral. A reward that is earned is held from `now` on.
    pub(super) async fn convert(
        &self,
        connection: &mut Connection,
        referral: &Referral,
        bought: &Bought,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let expired = Outcome { reward_status: Some(RewardStatus::Expired), ..Outcome::default() };
        if referral.reward_status != RewardStatus::Pending {
            return Ok(());
        }
        // The transaction of an order that was recorded after the claim may have begun before that of the claim.
        let bought = Bought { at: referral.signed_up_at.map_or(bought.at, |since| since.max(bought.at)), ..*bought };
        let converted = Outcome { first_purchase_at: Some(bought.at), ..Outcome::default() };
        let outcome = if bought.at >= referral.expires_at {
            expired
        } else if bought.is_refunded {
            Outcome { reversed_at: Some(now), first_purchase_at: Some(bought.at), ..expired }
        } else if is_pseudonym(connection, referral.referrer_id).await? {
            // The referrer was erased: nobody is rewarded.
            Outcome { first_purchase_at: Some(bought.at), ..expired }
        } else if bought.shares_payment {
            case::withhold(connection, referral, now).await?;
            converted
        } else {
            store::set(connection, referral.id, &converted).await?;
            return self.earn(connection, referral, now).await;
        };
        Ok(store::set(connection, referral.id, &outcome).await?)
    }

    /// Makes a reward earned. Its tier is that of this moment, and stays.
    pub(super) async fn earn(&self, connection: &mut Connection, referral: &Referral, now: DateTime<Utc>) -> Result<(), Error> {
        let Referral { id, referrer_id, .. } = *referral;
        // Conversions that were taken back do not count.
        let before = store::conversions(connection, referrer_id, self.terms.referral_tiers.last()).await?;
        let (tier, amount) = self.terms.referral_tiers.of(before + 1);
        let due = now + self.terms.hold();
        let outcome = Outcome {
            reward_status: Some(RewardStatus::Earned),
            reward_amount: Some(amount.clone()),
            bonus_tier: Some(tier),
            credit_due_at: Some(due),
            ..Outcome::default()
        };
        store::set(connection, id, &outcome).await?;
        let entity = Entity { of: EntityType::Referral, id };
        milestone::advance(connection, &self.awards, &[referrer_id], MilestoneType::Conversions, entity).await?;
        let event = pb::ReferralEarned {
            referral_id: id.to_string(),
            user_id: referrer_id.to_string(),
            reward_amount: Some(self.currency.to_wire(&amount)),
            credit_due_time: Some(timestamp_to_wire(due)),
            notify: Some(notify(connection, referrer_id).await?),
        };
        Ok(self.outbox.publish(connection, id, EARNED, &event).await?)
    }

    /// Takes a reward back whose order was fully refunded, and returns whether that is too late.
    pub(super) async fn reverse(
        &self,
        connection: &mut Connection,
        referral: &Referral,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        match referral.status_at(now) {
            RewardStatus::Credited => return Ok(true),
            RewardStatus::Earned => milestone::retract(connection, referral.referrer_id, MilestoneType::Conversions).await?,
            RewardStatus::Pending if referral.is_withheld() => case::close(connection, referral.id, now).await?,
            RewardStatus::Pending | RewardStatus::Expired => return Ok(false),
        }
        let outcome = Outcome { reward_status: Some(RewardStatus::Expired), reversed_at: Some(now), ..Outcome::default() };
        store::set(connection, referral.id, &outcome).await?;
        Ok(false)
    }

    /// Credits a referrer's rewards whose hold is over, and returns how many.
    pub(super) async fn credit_due(
        &self,
        connection: &mut Connection,
        referrer: Uuid,
        now: DateTime<Utc>,
    ) -> Result<usize, Error> {
        let due: Vec<(Uuid, BigDecimal)> = store::credit_due(connection, referrer, now).await?;
        if due.is_empty() {
            return Ok(0);
        }
        credit::credit(connection, referrer, &due, now).await?;
        let notify = notify(connection, referrer).await?;
        let events: Vec<(Uuid, pb::ReferralCredited)> = due
            .iter()
            .map(|(id, amount)| {
                let event = pb::ReferralCredited {
                    referral_id: id.to_string(),
                    user_id: referrer.to_string(),
                    reward_amount: Some(self.currency.to_wire(amount)),
                    notify: Some(notify),
                };
                (*id, event)
            })
            .collect();
        let events: Vec<_> = events.iter().map(|(id, event)| (*id, CREDITED, event)).collect();
        self.outbox.publish_all(connection, &events).await?;
        Ok(due.len())
    }
}

async fn notify(connection: &Connection, user: Uuid) -> Result<pb::Notify, Error> {
    let wanted = notification::store::get_all(connection, &[user]).await?.get(&user).copied().unwrap_or_default();
    Ok(notification::wire::notify(wanted.notify(Some(Topic::Referrals))))
}
