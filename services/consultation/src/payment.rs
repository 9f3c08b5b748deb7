//! Payments of sessions from wallets of family plans, and their refunds.
//!
//! Each step is written down before the next one: a payment is `hold`, then the decision to `capture`, or `release`; its refund is one step.
//! All transactions lock in the same order: the session, the payment, the intent.

mod carrying;
mod refund;
pub(crate) mod store;

use bigdecimal::BigDecimal;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub(crate) use carrying::{Payments, Unpaid};
pub use refund::Share;
pub(crate) use refund::{abandon, settle};

use crate::wallet::HoldKey;

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum PaymentState {
    /// Nobody knows yet whether the wallet pays.
    Open,
    /// The wallet has paid.
    Captured,
    /// The wallet does not pay, but may still hold money.
    Released,
}

/// A kind of intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Kind {
    Payment,
    Refund,
}

/// The next step of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Step {
    /// Hold the money. Only the user's own call can. If the user does not repeat a call that failed, workers release the money.
    Hold,
    /// Take the money, which is decided.
    Capture,
    /// Give back what is held.
    Release,
    /// Give back what was taken.
    Refund,
}

/// A payment of a session.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: Uuid,
    pub(crate) session: Uuid,
    pub(crate) attempt: i32,
    pub(crate) plan: Uuid,
    /// Who pays: the client, or the guardian.
    pub(crate) payer: Uuid,
    pub(crate) amount: BigDecimal,
    pub(crate) state: PaymentState,
}

impl Payment {
    /// Returns the name of the money in the wallet.
    pub(crate) fn key(&self) -> HoldKey {
        HoldKey { plan: self.plan, reference: format!("{}/{}", self.session, self.attempt) }
    }
}
