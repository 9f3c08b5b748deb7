//! Paying sessions.

mod api;
mod pay;
mod wire;

use bigdecimal::BigDecimal;
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_proto::family::v1::ErrorReason as FamilyReason;
use orchard_rpc::{Refusal, unanswered};
use tonic::Code;

use crate::wallet::{NotDone, Refused};

/// Why a session is not paid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum PayingError {
    #[error("the session costs {price:.2}")]
    PriceChanged {
        /// What it costs.
        price: BigDecimal,
    },
    #[error("the time to pay the session is over")]
    Overdue,
    #[error("another payment of the session is under way")]
    InProgress,
    #[error("the payment has failed; nothing was paid")]
    Failed,
    #[error("no such plan")]
    PlanNotFound,
    #[error("the plan is inactive")]
    PlanInactive,
    #[error("the caller may not spend money of the plan")]
    SpendingNotPermitted,
    #[error("the wallet holds {shortfall} less than the price")]
    InsufficientFunds {
        /// The missing amount.
        shortfall: String,
    },
    #[error("the caller may spend {remaining} more today")]
    DailyLimitReached {
        /// What the caller may still spend today.
        remaining: String,
    },
    /// The payment may be under way.
    #[error("the family service does not answer")]
    Unanswered,
}

impl From<NotDone> for PayingError {
    fn from(not_done: NotDone) -> Self {
        let NotDone::Refused(Refused { reason, amount, .. }) = not_done else {
            tracing::warn!(cause = %not_done, "cannot pay from a wallet now");
            return Self::Unanswered;
        };
        let amount = amount.unwrap_or_default();
        match reason {
            FamilyReason::PlanNotFound => Self::PlanNotFound,
            FamilyReason::PlanInactive => Self::PlanInactive,
            FamilyReason::SpendingNotPermitted => Self::SpendingNotPermitted,
            FamilyReason::InsufficientFunds => Self::InsufficientFunds { shortfall: amount },
            FamilyReason::DailyLimitReached => Self::DailyLimitReached { remaining: amount },
            _ => Self::Failed,
        }
    }
}

impl Rule for PayingError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::PriceChanged { price } => {
                refuse(Code::FailedPrecondition, ErrorReason::PriceChanged).with("price", format!("{price:.2}"))
            }
            Self::Overdue => refuse(Code::FailedPrecondition, ErrorReason::PaymentOverdue),
            Self::InProgress => refuse(Code::Aborted, ErrorReason::PaymentInProgress),
            Self::Failed => refuse(Code::FailedPrecondition, ErrorReason::PaymentFailed),
            Self::PlanNotFound => refuse(Code::NotFound, ErrorReason::PlanNotFound),
            Self::PlanInactive => refuse(Code::FailedPrecondition, ErrorReason::PlanInactive),
            Self::SpendingNotPermitted => refuse(Code::PermissionDenied, ErrorReason::SpendingNotPermitted),
            Self::InsufficientFunds { shortfall } => {
                refuse(Code::FailedPrecondition, ErrorReason::InsufficientFunds).with("shortfall", shortfall)
            }
            Self::DailyLimitReached { remaining } => {
                refuse(Code::FailedPrecondition, ErrorReason::DailyLimitReached).with("remaining", remaining)
            }
            Self::Unanswered => unanswered("family"),
        }
    }
}
