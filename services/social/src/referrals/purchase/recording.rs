//! Recording purchases. The first one of a user earns the reward of their referral.

use chrono::{DateTime, Utc};
use orchard_db::{Connection, moment};
use orchard_server::Clock;
use uuid::Uuid;

use super::OrderError;
use crate::error::Error;
use crate::referrals::earning::{self, Rewards};
use crate::referrals::fingerprint::{Fingerprint, FingerprintKind, store as fingerprints};
use crate::referrals::order::{self as orders, Purchase};
use crate::referrals::parties::Parties;
use crate::referrals::referral::store as referrals;
use crate::roll;

/// A purchase to record, with the means of payment.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) purchase: Purchase,
    pub(super) paid_with: Vec<Fingerprint>,
    pub(super) rewards: Rewards,
    pub(super) clock: Clock,
}

impl Record {
    /// Records the purchase, unless it is known.
    pub(super) async fn apply(&self, connection: &mut Connection) -> Result<(), Error> {
        let Purchase { order: id, user, amount } = &self.purchase;
        let now = self.clock.at(moment(connection).await?);
        let order = orders::lock(connection, id, now).await?;
        roll::enrol(connection, *user).await?;
        match (&order.user_id, &order.amount) {
            (Some(known), Some(paid)) if known == user && paid == amount => return Ok(()),
            (None, None) => (),
            _ => return Err(OrderError::OrderReused.into()),
        }
        let (referral, parties) = Parties::of_buyer(connection, *user).await?;
        let is_first = !orders::is_customer(connection, *user).await?;
        orders::set_purchase(connection, &self.purchase, is_first, now).await?;
        fingerprints::record(connection, *user, FingerprintKind::Payment, &self.paid_with, now).await?;
        // Refunds may be reported before their order.
        let is_refunded = order.refunded_amount >= *amount;
        if is_refunded {
            orders::set_fully_refunded(connection, id, now, false).await?;
        }
        match referral {
            Some(referral) if is_first => self.convert(connection, (referral, parties), is_refunded, now).await,
            _ => Ok(()),
        }
    }

    async fn convert(
        &self,
        connection: &mut Connection,
        (id, parties): (Uuid, Parties),
        is_refunded: bool,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let referral = referrals::lock(connection, id).await?;
        let bought = earning::Bought { at: now, is_refunded, shares_payment: parties.share_payment(connection, now).await? };
        self.rewards.convert(connection, &referral, &bought, now).await
    }
}
