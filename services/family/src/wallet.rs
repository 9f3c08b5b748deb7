//! The wallet: money that the members of a plan share, and the ledger that it is the sum of.

mod api;
mod store;
mod wire;

use std::sync::LazyLock;

use bigdecimal::{BigDecimal, Signed as _};
use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

use crate::member::Standing;
use crate::plan::Plan;

/// Most that a wallet, or one line of its ledger, can hold: 99,999,999.99.
pub static MOST: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(9_999_999_999_i64.into(), 2));

/// Why a line of the ledger was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EntryKind {
    /// Money came in from billing.
    Deposit,
    /// A member paid with it.
    Spend,
}

/// Why the wallet refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The role does not spend.
    #[error("the role of the caller in the plan does not allow spending")]
    SpendingNotPermitted,
    /// There is less than that.
    #[error("the wallet holds {shortfall} less than the amount")]
    InsufficientFunds {
        /// How much is missing.
        shortfall: BigDecimal,
    },
    /// There would be more than a wallet can hold.
    #[error("the balance would exceed {}", *MOST)]
    BalanceLimitReached,
}

/// A line of the ledger.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// Its position in the plan's ledger, from 1.
    pub sequence: i64,
    /// Why it was written.
    pub kind: EntryKind,
    /// What came in, or, negative, went out.
    pub amount: BigDecimal,
    /// Balance after it.
    pub balance: BigDecimal,
    /// The member who spent.
    pub user_id: Option<Uuid>,
    /// What it was for.
    pub reason: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

impl Entry {
    /// Whether a deposit that is sent again under the line's reference is the one that wrote it.
    pub fn is_of(&self, amount: &BigDecimal, reason: &str) -> bool {
        self.amount == *amount && self.reason == reason
    }
}

/// A line to be written: what moves, and where that leaves the wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Why.
    pub kind: EntryKind,
    /// Signed.
    pub amount: BigDecimal,
    /// Balance after it.
    pub balance: BigDecimal,
    /// Position after the last.
    pub sequence: i64,
}

/// The line that takes `amount` out of the plan's wallet for a member who stands in it like this.
pub fn spend(plan: &Plan, standing: &Standing, amount: &BigDecimal) -> Result<Movement, Refused> {
    if !standing.may_spend() {
        return Err(Refused::SpendingNotPermitted);
    }
    let balance = &plan.shared_wallet_balance - amount;
    if balance.is_negative() {
        return Err(Refused::InsufficientFunds { shortfall: -balance });
    }
    Ok(Movement { kind: EntryKind::Spend, amount: -amount, balance, sequence: plan.wallet_sequence + 1 })
}

/// The line that puts `amount` into the plan's wallet.
pub fn deposit(plan: &Plan, amount: &BigDecimal) -> Result<Movement, Refused> {
    let balance = &plan.shared_wallet_balance + amount;
    if balance > *MOST {
        return Err(Refused::BalanceLimitReached);
    }
    Ok(Movement { kind: EntryKind::Deposit, amount: amount.clone(), balance, sequence: plan.wallet_sequence + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::{Permissions, Role};

    fn cents(cents: i64) -> BigDecimal {
        BigDecimal::new(cents.into(), 2)
    }

    fn plan(balance: BigDecimal) -> Plan {
        Plan { shared_wallet_balance: balance, wallet_sequence: 7, ..Plan::example() }
    }

    fn standing(role: Role) -> Standing {
        Standing { role, permissions: Permissions::default() }
    }

    #[test]
    fn spending_stops_at_zero() {
        let spent = spend(&plan(cents(1000)), &standing(Role::Member), &cents(1000)).expect("all of it");
        assert_eq!(spent, Movement { kind: EntryKind::Spend, amount: cents(-1000), balance: cents(0), sequence: 8 });
        let refused = spend(&plan(cents(1000)), &standing(Role::Admin), &cents(1001));
        assert_eq!(refused, Err(Refused::InsufficientFunds { shortfall: cents(1) }));
    }

    #[test]
    fn children_and_guests_do_not_spend() {
        for role in [Role::Child, Role::Guest] {
            assert_eq!(spend(&plan(cents(1000)), &standing(role), &cents(1)), Err(Refused::SpendingNotPermitted));
        }
    }

    #[test]
    fn deposits_stop_at_what_the_column_holds() {
        assert_eq!(deposit(&plan(cents(0)), &MOST).expect("all of it").balance, *MOST);
        assert_eq!(deposit(&plan(cents(1)), &MOST), Err(Refused::BalanceLimitReached));
    }
}
