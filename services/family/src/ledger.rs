//! The ledger: the entries whose sum is the balance of a wallet.

pub(crate) mod store;
pub(crate) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::plan::{MAX_AMOUNT, Plan};

/// The service whose purchases only the member sees.
const CONSULTATION: &str = "consultation";

/// Why an entry was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EntryKind {
    /// Billing deposited money.
    Deposit,
    /// A member spent money.
    Spend,
    /// A service captured money that it held.
    Capture,
    /// A service refunded money that it had captured.
    Refund,
}

/// Why a rule of the ledger refuses a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("the reference was used for something else")]
    ReferenceReused,
    /// The balance would exceed the maximum.
    #[error("the balance would exceed {}", *MAX_AMOUNT)]
    BalanceLimitReached,
}

impl Rule for LedgerError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::ReferenceReused => refuse(Code::AlreadyExists, ErrorReason::ReferenceReused),
            Self::BalanceLimitReached => refuse(Code::FailedPrecondition, ErrorReason::BalanceLimitReached),
        }
    }
}

/// An entry in the ledger of a wallet.
#[derive(Debug, Clone)]
pub struct WalletEntry {
    pub id: Uuid,
    /// Its position in the plan's ledger, from 1.
    pub sequence: i64,
    /// Why it was written.
    pub kind: EntryKind,
    /// Positive when money came in, negative when money went out.
    pub amount: BigDecimal,
    /// Balance after this entry.
    pub balance: BigDecimal,
    /// The member who spent, or for whom a service captured or refunded.
    pub user_id: Option<Uuid>,
    /// What the entry is for. Empty only after the member was erased.
    pub reason: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// The service that moved the money.
    pub service: String,
    /// The hold that was captured or refunded.
    pub hold_id: Option<Uuid>,
}

impl WalletEntry {
    /// Returns whether a request with this amount and reason, under the same reference, repeats the one that wrote the entry.
    pub fn repeats(&self, amount: &BigDecimal, reason: &str) -> bool {
        self.amount == *amount && (self.reason.is_empty() || self.reason == reason)
    }

    /// Returns the reason as a member may see it.
    pub fn reason_for(&self, viewer: Uuid) -> &str {
        let private = self.service == CONSULTATION && self.user_id != Some(viewer);
        if private { "Consultation" } else { &self.reason }
    }
}

/// An entry to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Why it is written.
    pub kind: EntryKind,
    /// Positive when money comes in, negative when money goes out.
    pub amount: BigDecimal,
    /// Balance after the entry.
    pub balance: BigDecimal,
    /// Its position in the plan's ledger.
    pub sequence: i64,
}

/// Returns the entry that takes `amount` out of the plan's wallet.
pub fn take(plan: &Plan, kind: EntryKind, amount: &BigDecimal) -> Movement {
    let balance = &plan.shared_wallet_balance - amount;
    Movement { kind, amount: -amount, balance, sequence: plan.wallet_sequence + 1 }
}

/// Returns the entry that puts `amount` into the plan's wallet.
pub fn put(plan: &Plan, kind: EntryKind, amount: &BigDecimal) -> Result<Movement, LedgerError> {
    let balance = &plan.shared_wallet_balance + amount;
    if balance > *MAX_AMOUNT {
        return Err(LedgerError::BalanceLimitReached);
    }
    Ok(Movement { kind, amount: amount.clone(), balance, sequence: plan.wallet_sequence + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(cents: i64) -> BigDecimal {
        BigDecimal::new(cents.into(), 2)
    }

    fn plan(balance: BigDecimal) -> Plan {
        Plan { shared_wallet_balance: balance, wallet_sequence: 7, ..Plan::example() }
    }

    #[test]
    fn taking_money_writes_a_negative_amount_after_the_last_entry() {
        let taken = take(&plan(cents(1000)), EntryKind::Spend, &cents(1000));
        assert_eq!(taken, Movement { kind: EntryKind::Spend, amount: cents(-1000), balance: cents(0), sequence: 8 });
    }

    #[test]
    fn the_balance_does_not_exceed_its_maximum() {
        assert_eq!(put(&plan(cents(0)), EntryKind::Deposit, &MAX_AMOUNT).expect("an entry").balance, *MAX_AMOUNT);
        assert_eq!(put(&plan(cents(1)), EntryKind::Refund, &MAX_AMOUNT), Err(LedgerError::BalanceLimitReached));
    }

    #[test]
    fn other_members_do_not_see_the_reason_of_a_consultation() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let entry = |service: &str| WalletEntry {
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
