//! Purchases and refunds that the shop reports, and what they make of referrals.

mod api;
mod recording;
mod refund;

use bigdecimal::BigDecimal;
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;

/// Why a report is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum OrderError {
    #[error("the order was recorded with another user or amount")]
    OrderReused,
    #[error("the refund was recorded with another amount")]
    RefundReused,
    #[error("at most {refundable:.2} of the order can be refunded")]
    RefundTooHigh {
        /// What is left of the order.
        refundable: BigDecimal,
    },
}

impl Rule for OrderError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::OrderReused => refuse(Code::AlreadyExists, ErrorReason::OrderReused),
            Self::RefundReused => refuse(Code::AlreadyExists, ErrorReason::RefundReused),
            Self::RefundTooHigh { refundable } => {
                refuse(Code::FailedPrecondition, ErrorReason::RefundTooHigh).with("refundable", format!("{refundable:.2}"))
            }
        }
    }
}
