//! Holds: money in a wallet that is reserved for a service, and then captured or released.

mod allowance;
mod api;
pub(crate) mod store;
mod sweep;
mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub(crate) use allowance::{may_take, spent_on};
pub use sweep::keep_expired;

use crate::transition::Transition;

/// How long money is held.
pub const TTL: TimeDelta = TimeDelta::minutes(10);

/// Status of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum HoldStatus {
    /// The money is held.
    Held,
    /// All or part of the money was paid.
    Captured,
    /// The service released the hold.
    Released,
    Expired,
}

/// Why a rule of holds refuses a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    #[error("no such hold")]
    NotFound,
    /// The hold has ended in another way.
    #[error("the hold has ended")]
    Ended,
    /// More would be captured than is held.
    #[error("the hold is of {amount}")]
    CaptureExceedsHold {
        /// The held amount.
        amount: BigDecimal,
    },
    /// More would be refunded than was captured.
    #[error("{refundable} of what was captured is not refunded")]
    RefundExceedsCapture {
        /// What was captured and not yet refunded.
        refundable: BigDecimal,
    },
}

impl Rule for HoldError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::HoldNotFound),
            Self::Ended => refuse(Code::FailedPrecondition, ErrorReason::HoldEnded),
            Self::CaptureExceedsHold { amount } => {
                refuse(Code::FailedPrecondition, ErrorReason::CaptureExceedsHold).with("amount", format!("{amount:.2}"))
            }
            Self::RefundExceedsCapture { refundable } => {
                refuse(Code::FailedPrecondition, ErrorReason::RefundExceedsCapture).with("refundable", format!("{refundable:.2}"))
            }
        }
    }
}

/// Identifies a hold of a service.
#[derive(Debug, Clone)]
struct HoldKey {
    plan: Uuid,
    reference: String,
}

/// Money to hold.
#[derive(Debug, Clone)]
struct NewHold {
    key: HoldKey,
    amount: BigDecimal,
    reason: String,
}

/// Money to refund of a captured hold, under a reference of its own.
#[derive(Debug, Clone)]
struct Refund {
    key: HoldKey,
    reference: String,
    amount: BigDecimal,
    reason: String,
}

/// Money in a wallet that is, or was, reserved for a service.
#[derive(Debug, Clone)]
pub struct Hold {
    pub id: Uuid,
    pub family_plan_id: Uuid,
    /// The member for whom the money is held.
    pub user_id: Uuid,
    /// The reference that the service chose.
    pub reference: String,
    /// Amount that is, or was, held.
    pub amount: BigDecimal,
    /// Part of the amount that was paid.
    pub captured_amount: BigDecimal,
    /// Part of the captured amount that was refunded.
    pub refunded_amount: BigDecimal,
    pub reason: String,
    pub status: HoldStatus,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

impl Hold {
    /// Returns whether a request for this user, amount and reason, under the same reference, repeats the one that created the hold.
    pub fn repeats(&self, user: Uuid, amount: &BigDecimal, reason: &str) -> bool {
        self.user_id == user && self.amount == *amount && self.reason == reason
    }

    /// Returns the hold as expired if its time `is_over`, whether or not the row says so yet.
    pub fn at_present(self, is_over: bool) -> Self {
        let expired = is_over && self.status == HoldStatus::Held;
        if expired { Self { status: HoldStatus::Expired, ..self } } else { self }
    }

    /// Checks that `amount` may be captured.
    pub fn capture(&self, amount: &BigDecimal) -> Result<Transition, HoldError> {
        match self.status {
            HoldStatus::Held if *amount > self.amount => Err(HoldError::CaptureExceedsHold { amount: self.amount.clone() }),
            HoldStatus::Held => Ok(Transition::Due),
            HoldStatus::Captured if *amount == self.captured_amount => Ok(Transition::Done),
            HoldStatus::Captured | HoldStatus::Released | HoldStatus::Expired => Err(HoldError::Ended),
        }
    }

    /// Checks that the hold may be released.
    pub fn release(&self) -> Result<Transition, HoldError> {
        match self.status {
            HoldStatus::Held => Ok(Transition::Due),
            HoldStatus::Released | HoldStatus::Expired => Ok(Transition::Done),
            HoldStatus::Captured => Err(HoldError::Ended),
        }
    }

    /// Checks that `amount` may be refunded.
    pub fn refund(&self, amount: &BigDecimal) -> Result<(), HoldError> {
        let refundable = &self.captured_amount - &self.refunded_amount;
        if *amount <= refundable { Ok(()) } else { Err(HoldError::RefundExceedsCapture { refundable }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(cents: i64) -> BigDecimal {
        BigDecimal::new(cents.into(), 2)
    }

    fn hold(status: HoldStatus, captured: i64, refunded: i64) -> Hold {
        Hold {
            id: Uuid::nil(),
            family_plan_id: Uuid::nil(),
            user_id: Uuid::nil(),
            reference: "r".to_owned(),
            amount: cents(1000),
            captured_amount: cents(captured),
            refunded_amount: cents(refunded),
            reason: "x".to_owned(),
            status,
            expires_at: DateTime::UNIX_EPOCH,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_hold_ends_once() {
        let capture = |status, amount| hold(status, 400, 0).capture(&cents(amount));
        assert_eq!(capture(HoldStatus::Held, 1000), Ok(Transition::Due));
        assert_eq!(capture(HoldStatus::Held, 1001), Err(HoldError::CaptureExceedsHold { amount: cents(1000) }));
        assert_eq!(capture(HoldStatus::Captured, 400), Ok(Transition::Done));
        assert_eq!(capture(HoldStatus::Captured, 401), Err(HoldError::Ended));
        assert_eq!(capture(HoldStatus::Released, 400), Err(HoldError::Ended));
        assert_eq!(capture(HoldStatus::Expired, 400), Err(HoldError::Ended));
        let release = |status| hold(status, 400, 0).release();
        assert_eq!(release(HoldStatus::Held), Ok(Transition::Due));
        assert_eq!(release(HoldStatus::Released), Ok(Transition::Done));
        assert_eq!(release(HoldStatus::Expired), Ok(Transition::Done));
        assert_eq!(release(HoldStatus::Captured), Err(HoldError::Ended));
    }

    #[test]
    fn no_more_is_refunded_than_was_captured() {
        assert_eq!(hold(HoldStatus::Captured, 400, 100).refund(&cents(300)), Ok(()));
        let refused = hold(HoldStatus::Captured, 400, 100).refund(&cents(301));
        assert_eq!(refused, Err(HoldError::RefundExceedsCapture { refundable: cents(300) }));
        assert!(hold(HoldStatus::Held, 0, 0).refund(&cents(1)).is_err());
    }
}
