//! Holds: money that is promised to a service, and then paid or let go.

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
pub use api::Api;
pub use sweep::keep_expired;

/// How long money is held that nobody asks for.
pub const TTL: TimeDelta = TimeDelta::minutes(10);

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum HoldStatus {
    /// The money is held.
    Held,
    /// It was paid.
    Captured,
    /// The service let it go.
    Released,
    /// Nobody asked for it in time.
    Expired,
}

/// Why a hold refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// The service has no such hold.
    #[error("no such hold")]
    NotFound,
    /// It ended another way.
    #[error("the hold has ended")]
    Ended,
    /// There is less.
    #[error("the hold is of {amount}")]
    CaptureExceedsHold {
        /// What is held.
        amount: BigDecimal,
    },
    /// There is less to pay back.
    #[error("{refundable} of what was captured is not refunded")]
    RefundExceedsCapture {
        /// How much is.
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

/// Money that is or was held.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Its id.
    pub id: Uuid,
    /// The plan.
    pub family_plan_id: Uuid,
    /// For whom.
    pub user_id: Uuid,
    /// The service's name for it.
    pub reference: String,
    /// How much.
    pub amount: BigDecimal,
    /// What was paid of it.
    pub captured_amount: BigDecimal,
    /// What was paid back of that.
    pub refunded_amount: BigDecimal,
    /// What it is for.
    pub reason: String,
    /// Where it stands.
    pub status: HoldStatus,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// What ending a hold comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is to be ended.
    End,
    /// It was ended so before.
    Ended,
}

impl Hold {
    /// Whether a hold that is asked for again under this one's reference is this one.
    pub fn is_of(&self, user: Uuid, amount: &BigDecimal, reason: &str) -> bool {
        self.user_id == user && self.amount == *amount && self.reason == reason
    }

    /// The hold as it is when its time `is_due`, or is not.
    pub fn as_of_now(self, is_due: bool) -> Self {
        let expired = is_due && self.status == HoldStatus::Held;
        if expired { Self { status: HoldStatus::Expired, ..self } } else { self }
    }

    /// Whether it may be paid with `amount`.
    pub fn capture(&self, amount: &BigDecimal) -> Result<Ending, HoldError> {
        match self.status {
            HoldStatus::Held if *amount > self.amount => Err(HoldError::CaptureExceedsHold { amount: self.amount.clone() }),
            HoldStatus::Held => Ok(Ending::End),
            HoldStatus::Captured if *amount == self.captured_amount => Ok(Ending::Ended),
            HoldStatus::Captured | HoldStatus::Released | HoldStatus::Expired => Err(HoldError::Ended),
        }
    }

    /// Whether it may be let go.
    pub fn release(&self) -> Result<Ending, HoldError> {
        match self.status {
            HoldStatus::Held => Ok(Ending::End),
            HoldStatus::Released | HoldStatus::Expired => Ok(Ending::Ended),
            HoldStatus::Captured => Err(HoldError::Ended),
        }
    }

    /// Whether `amount` may be paid back.
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
        assert_eq!(capture(HoldStatus::Held, 1000), Ok(Ending::End));
        assert_eq!(capture(HoldStatus::Held, 1001), Err(HoldError::CaptureExceedsHold { amount: cents(1000) }));
        assert_eq!(capture(HoldStatus::Captured, 400), Ok(Ending::Ended));
        assert_eq!(capture(HoldStatus::Captured, 401), Err(HoldError::Ended));
        assert_eq!(capture(HoldStatus::Released, 400), Err(HoldError::Ended));
        assert_eq!(capture(HoldStatus::Expired, 400), Err(HoldError::Ended));
        let release = |status| hold(status, 400, 0).release();
        assert_eq!(release(HoldStatus::Held), Ok(Ending::End));
        assert_eq!(release(HoldStatus::Released), Ok(Ending::Ended));
        assert_eq!(release(HoldStatus::Expired), Ok(Ending::Ended));
        assert_eq!(release(HoldStatus::Captured), Err(HoldError::Ended));
    }

    #[test]
    fn no_more_is_paid_back_than_was_paid() {
        assert_eq!(hold(HoldStatus::Captured, 400, 100).refund(&cents(300)), Ok(()));
        let refused = hold(HoldStatus::Captured, 400, 100).refund(&cents(301));
        assert_eq!(refused, Err(HoldError::RefundExceedsCapture { refundable: cents(300) }));
        assert!(hold(HoldStatus::Held, 0, 0).refund(&cents(1)).is_err());
    }
}
