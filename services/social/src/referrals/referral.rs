//! Referrals: who has brought whom along, and what became of the reward.

pub(super) mod invite;
pub(super) mod store;
pub(super) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::{self as pb, ErrorReason};
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use super::sharing::Sharing;

/// The most invitations of a user that have no referee.
const MAX_OPEN: i64 = 100;

/// Why a call about referrals is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferralError {
    #[error("children neither refer nor are referred")]
    Child,
    #[error("the caller has {MAX_OPEN} invitations without a referee")]
    TooMany,
}

impl Rule for ReferralError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::Child => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
            Self::TooMany => refuse(Code::FailedPrecondition, ErrorReason::TooManyReferrals).with("max_referrals", MAX_OPEN),
        }
    }
}

/// State of a reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RewardStatus {
    Pending,
    Earned,
    Credited,
    Expired,
}

orchard_db::text_column!(RewardStatus);
orchard_rpc::wire_enum!(RewardStatus <=> pb::RewardStatus: Pending, Earned, Credited, Expired);

/// A referral.
#[derive(Debug, Clone)]
pub struct Referral {
    pub id: Uuid,
    pub referrer_id: Uuid,
    pub referee_id: Option<Uuid>,
    pub code: String,
    pub sharing: Sharing,
    pub invited_at: DateTime<Utc>,
    pub signed_up_at: Option<DateTime<Utc>>,
    pub first_purchase_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    /// As it is stored. See [`status_at`](Self::status_at).
    pub reward_status: RewardStatus,
    pub reward_amount: Option<BigDecimal>,
    pub bonus_tier: i32,
    pub credit_due_at: Option<DateTime<Utc>>,
    pub reversed_at: Option<DateTime<Utc>>,
}

/// The position of a referral in lists, which have the latest first.
pub(super) type LatestFirst = (DateTime<Utc>, Uuid);

impl Referral {
    /// Returns the state of the reward at a time. The clock ends holds and windows; a sweep only writes it down.
    pub fn status_at(&self, now: DateTime<Utc>) -> RewardStatus {
        match self.reward_status {
            RewardStatus::Pending if !self.is_withheld() && now >= self.expires_at => RewardStatus::Expired,
            RewardStatus::Earned if self.is_due(now) => RewardStatus::Credited,
            status => status,
        }
    }

    /// Returns whether a moderator must decide about the reward.
    pub fn is_withheld(&self) -> bool {
        self.reward_status == RewardStatus::Pending && self.first_purchase_at.is_some()
    }

    /// Returns whether the hold of an earned reward is over.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.credit_due_at.is_some_and(|due| now >= due)
    }

    pub(super) fn position(&self) -> LatestFirst {
        (self.invited_at, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn referral(reward_status: RewardStatus) -> Referral {
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        Referral {
            id: Uuid::nil(),
            referrer_id: Uuid::nil(),
            referee_id: None,
            code: String::new(),
            sharing: Sharing::default(),
            invited_at: start,
            signed_up_at: None,
            first_purchase_at: None,
            expires_at: start + TimeDelta::days(90),
            reward_status,
            reward_amount: None,
            bonus_tier: 1,
            credit_due_at: (reward_status == RewardStatus::Earned).then_some(start + TimeDelta::days(14)),
            reversed_at: None,
        }
    }

    #[test]
    fn the_clock_ends_holds_and_windows_to_the_second() {
        let (pending, earned) = (referral(RewardStatus::Pending), referral(RewardStatus::Earned));
        let (start, second) = (pending.invited_at, TimeDelta::seconds(1));
        let (hold, window) = (start + TimeDelta::days(14), start + TimeDelta::days(90));
        assert_eq!(pending.status_at(window - second), RewardStatus::Pending);
        assert_eq!(pending.status_at(window), RewardStatus::Expired);
        assert_eq!(earned.status_at(hold - second), RewardStatus::Earned);
        assert_eq!(earned.status_at(hold), RewardStatus::Credited);
        let withheld = Referral { first_purchase_at: Some(start), ..pending };
        assert!(withheld.is_withheld() && withheld.status_at(window) == RewardStatus::Pending);
    }
}
