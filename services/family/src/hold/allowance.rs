//! What a member may still take out of a wallet.

use bigdecimal::{BigDecimal, Signed as _};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use orchard_db::{Connection, Rule, moment};
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

use super::store;
use crate::error::Error;
use crate::ledger;
use crate::plan::Plan;
use crate::rights::Rights;

/// Why a member may not take money out of a wallet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowanceError {
    /// The role or the permissions of the member do not allow spending.
    #[error("the role of the caller in the plan does not allow spending")]
    SpendingNotPermitted,
    #[error("the wallet holds {shortfall} less than the amount")]
    InsufficientFunds {
        /// The missing amount.
        shortfall: BigDecimal,
    },
    /// The member would exceed their daily spend limit.
    #[error("the member may spend {remaining:.2} more today")]
    DailyLimitReached {
        /// What the member may still spend today.
        remaining: BigDecimal,
    },
}

impl Rule for AllowanceError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::SpendingNotPermitted => refuse(Code::PermissionDenied, ErrorReason::SpendingNotPermitted),
            Self::InsufficientFunds { shortfall } => {
                refuse(Code::FailedPrecondition, ErrorReason::InsufficientFunds).with("shortfall", format!("{shortfall:.2}"))
            }
            Self::DailyLimitReached { remaining } => {
                refuse(Code::FailedPrecondition, ErrorReason::DailyLimitReached).with("remaining", format!("{remaining:.2}"))
            }
        }
    }
}

/// Checks that a member with these rights, who has spent `spent_today`, may take `amount` out of the wallet.
fn check(plan: &Plan, rights: &Rights, spent_today: &BigDecimal, amount: &BigDecimal) -> Result<(), AllowanceError> {
    if !rights.may_spend() {
        return Err(AllowanceError::SpendingNotPermitted);
    }
    if let Some(limit) = &rights.permissions.daily_spend_limit
        && spent_today + amount > *limit
    {
        let remaining = (limit - spent_today).max(BigDecimal::default());
        return Err(AllowanceError::DailyLimitReached { remaining });
    }
    let left = &plan.shared_wallet_balance - &plan.wallet_held - amount;
    if left.is_negative() { Err(AllowanceError::InsufficientFunds { shortfall: -left }) } else { Ok(()) }
}

/// Checks that a member may take `amount` out of the wallet of a locked plan, and returns the plan without its expired holds.
pub(crate) async fn may_take(
    connection: &mut Connection,
    plan: Plan,
    rights: &Rights,
    user: Uuid,
    amount: &BigDecimal,
) -> Result<Plan, Error> {
    let plan = store::expire(connection, plan).await?;
    let spent_today = match &rights.permissions.daily_spend_limit {
        Some(_) => spent_on(connection, &plan, user, moment(connection).await?).await?,
        // The check needs it only for a limit.
        None => BigDecimal::default(),
    };
    check(&plan, rights, &spent_today, amount)?;
    Ok(plan)
}

/// Returns what a member has spent on the day of `now` in the plan's time zone, holds included unless they were released or expired.
pub(crate) async fn spent_on(connection: &Connection, plan: &Plan, user: Uuid, now: DateTime<Utc>) -> QueryResult<BigDecimal> {
    let day = plan.day(now);
    let spent = ledger::store::spent(connection, plan.id, user, day);
    let (spent, held) = tokio::try_join!(spent, store::held_or_captured(connection, plan.id, user, day))?;
    Ok(spent + held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::{Permissions, Role};

    fn cents(cents: i64) -> BigDecimal {
        BigDecimal::new(cents.into(), 2)
    }

    fn with_balance(balance: i64) -> Plan {
        Plan { shared_wallet_balance: cents(balance), ..Plan::example() }
    }

    fn spend(plan: &Plan, role: Role, amount: i64) -> Result<(), AllowanceError> {
        check(plan, &Rights { role, permissions: Permissions::default() }, &cents(0), &cents(amount))
    }

    #[test]
    fn money_on_hold_is_not_spent() {
        let plan = with_balance(1000);
        assert_eq!(spend(&plan, Role::Member, 1000), Ok(()));
        assert_eq!(spend(&plan, Role::Admin, 1001), Err(AllowanceError::InsufficientFunds { shortfall: cents(1) }));
        let held = Plan { wallet_held: cents(400), ..plan };
        assert_eq!(spend(&held, Role::Member, 600), Ok(()));
        assert_eq!(spend(&held, Role::Member, 650), Err(AllowanceError::InsufficientFunds { shortfall: cents(50) }));
    }

    #[test]
    fn children_and_guests_do_not_spend() {
        for role in [Role::Child, Role::Guest] {
            assert_eq!(spend(&with_balance(1000), role, 1), Err(AllowanceError::SpendingNotPermitted));
        }
    }

    #[test]
    fn a_daily_limit_counts_what_was_spent_today() {
        let take = |limit, spent, amount| {
            let permissions = Permissions { daily_spend_limit: Some(cents(limit)), ..Permissions::default() };
            check(&with_balance(1000), &Rights { role: Role::Admin, permissions }, &cents(spent), &cents(amount))
        };
        assert_eq!(take(500, 400, 100), Ok(()));
        assert_eq!(take(500, 400, 101), Err(AllowanceError::DailyLimitReached { remaining: cents(100) }));
        assert_eq!(take(500, 600, 1), Err(AllowanceError::DailyLimitReached { remaining: cents(0) }), "the limit was lowered");
        assert_eq!(take(0, 0, 1), Err(AllowanceError::DailyLimitReached { remaining: cents(0) }));
    }
}
