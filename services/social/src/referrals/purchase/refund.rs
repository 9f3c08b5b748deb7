//! Recording refunds. A full one within the hold takes the reward back.

use bigdecimal::BigDecimal;
use orchard_db::{Connection, moment};
use orchard_server::Clock;

use super::OrderError;
use crate::error::Error;
use crate::referrals::earning::Rewards;
use crate::referrals::order as orders;
use crate::referrals::parties::Parties;
use crate::referrals::referral::store as referrals;
use crate::referrals::terms::MAX_AMOUNT;

/// A refund to record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) order: String,
    pub(super) refund: String,
    pub(super) amount: BigDecimal,
    pub(super) rewards: Rewards,
    pub(super) clock: Clock,
}

impl Record {
    /// Records the refund, unless it is known.
    pub(super) async fn apply(&self, connection: &mut Connection) -> Result<(), Error> {
        let now = self.clock.at(moment(connection).await?);
        let order = orders::lock(connection, &self.order, now).await?;
        let known = orders::add_refund(connection, (&self.order, &self.refund), &self.amount, now).await?;
        if let Some(known) = known {
            return if known == self.amount { Ok(()) } else { Err(OrderError::RefundReused.into()) };
        }
        let refunded = &order.refunded_amount + &self.amount;
        if let Some(amount) = order.amount.as_ref().filter(|amount| refunded > **amount) {
            let refundable = (amount - &order.refunded_amount).max(BigDecimal::default());
            return Err(OrderError::RefundTooHigh { refundable }.into());
        }
        if refunded > *MAX_AMOUNT {
            return Err(OrderError::RefundTooHigh { refundable: &*MAX_AMOUNT - &order.refunded_amount }.into());
        }
        orders::set_refunded(connection, &self.order, &refunded).await?;
        if order.amount != Some(refunded) {
            return Ok(());
        }
        let mut is_late = false;
        if let Some(user) = order.user_id.filter(|_| order.is_first)
            && let (Some(id), _) = Parties::of_buyer(connection, user).await?
        {
            let referral = referrals::lock(connection, id).await?;
            is_late = self.rewards.reverse(connection, &referral, now).await?;
        }
        Ok(orders::set_fully_refunded(connection, &self.order, now, is_late).await?)
    }
}
