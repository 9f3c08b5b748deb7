//! The wallet: money that the members of a plan share, and the ledger that it is the sum of.

mod api;
pub(crate) mod store;
pub(crate) mod wire;

use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use std::sync::LazyLock;
use tonic::Code;

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
    /// A service was paid with what it held.
    Capture,
    /// A service paid back what it had captured.
    Refund,
}

/// Why the wallet refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The reference of the service names another movement of money.
    #[error("the reference was used for something else")]
    ReferenceReused,
    /// The role does not spend.
    #[error("the role of the caller in the plan does not allow spending")]
    SpendingNotPermitted,
    /// There is less than that.
    #[error("the wallet holds {shortfall} less than the amount")]
    InsufficientFunds {
        /// How much is missing.
        shortfall: BigDecimal,
    },
    /// It is more than the member may spend in a day.
    #[error("the member may spend {remaining:.2} more today")]
    DailyLimitReached {
        /// What they may still spend today.
        remaining: BigDecimal,
    },
    /// There would be more than a wallet can hold.
    #[error("the balance would exceed {}", *MOST)]
    BalanceLimitReached,
}

impl Rule for WalletError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::ReferenceReused => refuse(Code::AlreadyExists, ErrorReason::ReferenceReused),
            Self::SpendingNotPermitted => refuse(Code::PermissionDenied, ErrorReason::SpendingNotPermitted),
            Self::InsufficientFunds { shortfall } => {
                refuse(Code::FailedPrecondition, ErrorReason::InsufficientFunds).with("shortfall", format!("{shortfall:.2}"))
            }
            Self::DailyLimitReached { remaining } => {
                refuse(Code::FailedPrecondition, ErrorReason::DailyLimitReached).with("remaining", format!("{remaining:.2}"))
            }
            Self::BalanceLimitReached => refuse(Code::FailedPrecondition, ErrorReason::BalanceLimitReached),
        }
    }
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
    /// Which service moved it.
    pub service: String,
    /// The hold that it pays, or pays back.
    pub hold_id: Option<Uuid>,
}

/// The service whose purchases are between it and the member.
const CONSULTATION: &str = "consultation";

impl Entry {
    /// Whether money that is moved again under the line's reference is what wrote it. A line has no reason only when it was blanked, with
    /// the member that it was for.
    pub fn is_of(&self, amount: &BigDecimal, reason: &str) -> bool {
        self.amount == *amount && (self.reason.is_empty() || self.reason == reason)
    }

    /// What a member may know that it was for.
    pub fn reason_for(&self, viewer: Uuid) -> &str {
        let private = self.service == CONSULTATION && self.user_id != Some(viewer);
        if private { "Consultation" } else { &self.reason }
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

/// Whether a member who stands in the plan like this, and has spent so much today, may take `amount` out of what is not held.
pub fn may_take(plan: &Plan, standing: &Standing, spent_today: &BigDecimal, amount: &BigDecimal) -> Result<(), WalletError> {
    if !standing.may_spend() {
        return Err(WalletError::SpendingNotPermitted);
    }
    if let Some(limit) = &standing.permissions.daily_spend_limit
        && spent_today + amount > *limit
    {
        let remaining = (limit - spent_today).max(BigDecimal::default());
        return Err(WalletError::DailyLimitReached { remaining });
    }
    let left = &plan.shared_wallet_balance - &plan.wallet_held - amount;
    if left.is_negative() { Err(WalletError::InsufficientFunds { shortfall: -left }) } else { Ok(()) }
}

/// The line that takes `amount` out of the plan's wallet.
pub fn take(plan: &Plan, kind: EntryKind, amount: &BigDecimal) -> Movement {
    let balance = &plan.shared_wallet_balance - amount;
    Movement { kind, amount: -amount, balance, sequence: plan.wallet_sequence + 1 }
}

/// The line that puts `amount` into the plan's wallet.
pub fn put(plan: &Plan, kind: EntryKind, amount: &BigDecimal) -> Result<Movement, WalletError> {
    let balance = &plan.shared_wallet_balance + amount;
    if balance > *MOST {
        return Err(WalletError::BalanceLimitReached);
    }
    Ok(Movement { kind, amount: amount.clone(), balance, sequence: plan.wallet_sequence + 1 })
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

    fn spend(plan: &Plan, role: Role, amount: &BigDecimal) -> Result<(), WalletError> {
        may_take(plan, &standing(role), &cents(0), amount)
    }

    #[test]
    fn spending_stops_at_what_is_not_held() {
        assert_eq!(spend(&plan(cents(1000)), Role::Member, &cents(1000)), Ok(()));
        let refused = spend(&plan(cents(1000)), Role::Admin, &cents(1001));
        assert_eq!(refused, Err(WalletError::InsufficientFunds { shortfall: cents(1) }));
        let held = Plan { wallet_held: cents(400), ..plan(cents(1000)) };
        assert_eq!(spend(&held, Role::Member, &cents(600)), Ok(()));
        assert_eq!(spend(&held, Role::Member, &cents(650)), Err(WalletError::InsufficientFunds { shortfall: cents(50) }));
        let taken = take(&plan(cents(1000)), EntryKind::Spend, &cents(1000));
        assert_eq!(taken, Movement { kind: EntryKind::Spend, amount: cents(-1000), balance: cents(0), sequence: 8 });
    }

    #[test]
    fn children_and_guests_do_not_spend() {
        for role in [Role::Child, Role::Guest] {
            assert_eq!(spend(&plan(cents(1000)), role, &cents(1)), Err(WalletError::SpendingNotPermitted));
        }
    }

    #[test]
    fn a_day_has_its_limit() {
        let limited = |limit| {
            let permissions = Permissions { daily_spend_limit: Some(cents(limit)), ..Permissions::default() };
            Standing { role: Role::Admin, permissions }
        };
        let take = |limit, spent, amount| may_take(&plan(cents(1000)), &limited(limit), &cents(spent), &cents(amount));
        assert_eq!(take(500, 400, 100), Ok(()));
        assert_eq!(take(500, 400, 101), Err(WalletError::DailyLimitReached { remaining: cents(100) }));
        assert_eq!(take(500, 600, 1), Err(WalletError::DailyLimitReached { remaining: cents(0) }), "the limit was lowered");
        assert_eq!(take(0, 0, 1), Err(WalletError::DailyLimitReached { remaining: cents(0) }));
    }

    #[test]
    fn deposits_stop_at_what_the_column_holds() {
        assert_eq!(put(&plan(cents(0)), EntryKind::Deposit, &MOST).expect("all of it").balance, *MOST);
        assert_eq!(put(&plan(cents(1)), EntryKind::Refund, &MOST), Err(WalletError::BalanceLimitReached));
    }

    #[test]
    fn a_consultation_is_between_it_and_the_member() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let entry = |service: &str| Entry {
            id: Uuid::nil(),
            sequence: 1,
            kind: EntryKind::Capture,
            amount: cents(-1),
            balance: cents(0),
            user_id: Some(me),
            reason: "Diabetes".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            service: service.to_owned(),
            hold_id: None,
        };
        assert_eq!(entry("consultation").reason_for(other), "Consultation");
        assert_eq!(entry("consultation").reason_for(me), "Diabetes");
        assert_eq!(entry("commerce").reason_for(other), "Diabetes");
    }
}
