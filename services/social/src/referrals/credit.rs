//! Credits of users: what referrals have earned, less what was redeemed.

pub(super) mod store;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::{Connection, Rule};
use orchard_proto::social::v1::{self as pb, ErrorReason};
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::error::Error;

/// Why a call about credits is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CreditError {
    #[error("the caller has {shortfall:.2} less available")]
    Insufficient {
        /// The missing amount.
        shortfall: BigDecimal,
    },
    #[error("no such redemption")]
    NoSuchRedemption,
}

impl Rule for CreditError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Insufficient { shortfall } => Refusal::new(Code::FailedPrecondition, ErrorReason::InsufficientCredits, self)
                .with("shortfall", format!("{shortfall:.2}")),
            Self::NoSuchRedemption => Refusal::new(Code::NotFound, ErrorReason::RedemptionNotFound, self),
        }
    }
}

/// Why credits came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum EntryKind {
    Referral,
    Redemption,
    Restoration,
}

orchard_db::text_column!(EntryKind);
orchard_rpc::wire_enum!(EntryKind => pb::CreditEntryKind: Referral, Redemption, Restoration);

/// State of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum RedemptionStatus {
    Pending,
    Settled,
    Restored,
}

orchard_db::text_column!(RedemptionStatus);
orchard_rpc::wire_enum!(RedemptionStatus => pb::RedemptionStatus: Pending, Settled, Restored);

/// The credits of a user.
#[derive(Debug, Clone, Default)]
pub(super) struct Credits {
    pub(super) earned: BigDecimal,
    pub(super) redeemed: BigDecimal,
}

impl Credits {
    /// Returns what can be redeemed.
    pub(super) fn available(&self) -> BigDecimal {
        &self.earned - &self.redeemed
    }

    /// Returns the credits after a redemption.
    pub(super) fn redeem(&self, amount: &BigDecimal) -> Result<Self, CreditError> {
        let shortfall = amount - self.available();
        if shortfall > BigDecimal::default() {
            return Err(CreditError::Insufficient { shortfall });
        }
        Ok(Self { redeemed: &self.redeemed + amount, ..self.clone() })
    }
}

/// Credits on their way into a wallet.
#[derive(Debug, Clone)]
pub(super) struct Redemption {
    pub(super) id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) family_plan_id: Uuid,
    pub(super) amount: BigDecimal,
    pub(super) status: RedemptionStatus,
    pub(super) refusal_reason: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
}

/// Credits the rewards of referrals to their referrer, who must be locked.
pub(super) async fn credit(
    connection: &mut Connection,
    user: Uuid,
    rewards: &[(Uuid, BigDecimal)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut credits = store::get(connection, user).await?;
    let mut entries = Vec::with_capacity(rewards.len());
    for (referral, amount) in rewards {
        credits.earned += amount;
        entries.push(store::NewEntry::referral(user, *referral, amount, credits.available(), now));
    }
    store::append(connection, user, &credits, &entries).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_redeemed_than_is_available() {
        let cents = |cents: i64| BigDecimal::new(cents.into(), 2);
        let credits = Credits { earned: cents(1_000), redeemed: cents(250) };
        assert_eq!(credits.redeem(&cents(750)).map(|after| after.available()), Ok(cents(0)));
        let refused = credits.redeem(&cents(751)).map(|_| ());
        assert_eq!(refused, Err(CreditError::Insufficient { shortfall: cents(1) }));
    }
}
