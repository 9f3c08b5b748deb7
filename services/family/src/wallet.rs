//! The wallet: money that the members of a plan share.

mod api;
mod wire;

use bigdecimal::BigDecimal;
use uuid::Uuid;

pub use api::Api;

/// A wallet, as one member sees it.
#[derive(Debug, Clone)]
pub struct Wallet {
    /// The plan.
    pub family_plan_id: Uuid,
    /// Sum of all entries.
    pub balance: BigDecimal,
    /// Part of the balance that is held for services.
    pub held: BigDecimal,
    /// Maximum that the member may spend in a day; `None` for no limit.
    pub daily_spend_limit: Option<BigDecimal>,
    /// What the member has spent today, holds included.
    pub spent_today: BigDecimal,
}

/// Money to deposit.
#[derive(Debug, Clone)]
pub struct Deposit {
    /// The plan.
    pub plan: Uuid,
    /// How much to deposit.
    pub amount: BigDecimal,
    /// The reference of the payment provider.
    pub reference: String,
    /// Text that the members see.
    pub reason: String,
}

/// Money to spend.
#[derive(Debug, Clone)]
pub struct Spend {
    /// The plan.
    pub plan: Uuid,
    /// How much to spend.
    pub amount: BigDecimal,
    /// What it is spent on.
    pub reason: String,
    /// The id that the caller chose for the request.
    pub request_id: Uuid,
}
