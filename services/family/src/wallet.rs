//! The wallet: money that the members of a plan share.

mod api;
mod wire;

use bigdecimal::BigDecimal;
use uuid::Uuid;

/// A wallet, as one member sees it.
#[derive(Debug, Clone)]
struct Wallet {
    family_plan_id: Uuid,
    balance: BigDecimal,
    held: BigDecimal,
    daily_spend_limit: Option<BigDecimal>,
    spent_today: BigDecimal,
}

/// Money to deposit.
#[derive(Debug, Clone)]
struct Deposit {
    plan: Uuid,
    amount: BigDecimal,
    reference: String,
    reason: String,
}

/// Money to spend.
#[derive(Debug, Clone)]
struct Spend {
    plan: Uuid,
    amount: BigDecimal,
    reason: String,
    request_id: Uuid,
}
