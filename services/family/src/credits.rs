//! Credits that users redeem into wallets, as the social service tells: deposited once, or refused.

use bigdecimal::BigDecimal;
use orchard_db::Connection;
use orchard_events::{NotApplied, Outbox};
use orchard_proto::family::v1 as pb;
use orchard_proto::social::v1::CreditsRedeemed;
use orchard_rpc::{Currency, Fields, read};
use prost_types::Any;
use uuid::Uuid;

use crate::error::Error;
use crate::ledger::store::Source;
use crate::ledger::{self, EntryKind};
use crate::plan::store::lock_for_member;
use crate::plan::{MAX_AMOUNT, PlanError};

/// The service that tells, and under whose references the deposits are kept.
const SOCIAL: &str = "social";
const REASON: &str = "Referral credits";
/// The sequence number of the answer to a redemption, which is its aggregate and has no other event.
const ONLY: i64 = 1;

/// Credits that a user has redeemed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeemed {
    redemption: Uuid,
    user: Uuid,
    plan: Uuid,
    amount: BigDecimal,
}

impl Redeemed {
    /// Returns the plan into whose wallet they go.
    pub fn plan(&self) -> Uuid {
        self.plan
    }

    /// Reads the event.
    pub fn read(payload: &Any, currency: &Currency) -> Result<Self, String> {
        let event: CreditsRedeemed = payload.to_msg().map_err(|error| error.to_string())?;
        let mut fields = Fields::default();
        let redemption = fields.read("redemption_id", read::uuid(&event.redemption_id));
        let user = fields.read("user_id", read::uuid(&event.user_id));
        let plan = fields.read("family_plan_id", read::uuid(&event.family_plan_id));
        let amount = fields.read("amount", currency.positive(event.amount, &MAX_AMOUNT));
        let read = fields.finish(|| Ok(Self { redemption: redemption?, user: user?, plan: plan?, amount: amount? }));
        read.map_err(|violations| violations.to_string())
    }

    /// Deposits the amount, or refuses it, and answers with an event.
    pub(crate) async fn apply(&self, connection: &mut Connection, outbox: &Outbox) -> Result<(), NotApplied> {
        match self.deposit(connection).await {
            Ok(()) => {
                let event = pb::CreditsDeposited { redemption_id: self.redemption.to_string() };
                outbox.publish(connection, self.redemption, ONLY, &event).await?;
            }
            Err(error) => {
                let reason = error.refused()?.reason().to_owned();
                let event = pb::CreditsRejected { redemption_id: self.redemption.to_string(), reason };
                outbox.publish(connection, self.redemption, ONLY, &event).await?;
            }
        }
        Ok(())
    }

    async fn deposit(&self, connection: &mut Connection) -> Result<(), Error> {
        let (plan, rights) = lock_for_member(connection, self.plan, self.user).await?;
        if !rights.may_see_wallet() {
            return Err(PlanError::NotFound.into());
        }
        let reference = self.redemption.to_string();
        if ledger::store::by_reference(connection, plan.id, SOCIAL, &reference).await?.is_some() {
            return Ok(());
        }
        plan.check_active()?;
        let movement = ledger::put(&plan, EntryKind::Deposit, &self.amount)?;
        let source = Source { user: Some(self.user), service: SOCIAL, reference: &reference, reason: REASON, hold: None };
        ledger::store::append(connection, Uuid::now_v7(), plan.id, &movement, source).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redemptions_are_read_with_all_their_fields() {
        let currency: Currency = "EUR".parse().expect("a currency");
        let amount = BigDecimal::new(1_250.into(), 2);
        let [redemption, user, plan] = [1, 2, 3].map(Uuid::from_u128);
        let event = CreditsRedeemed {
            redemption_id: redemption.to_string(),
            user_id: user.to_string(),
            family_plan_id: plan.to_string(),
            amount: Some(currency.to_wire(&amount)),
        };
        let read = |event: &CreditsRedeemed| Redeemed::read(&Any::from_msg(event).expect("an event"), &currency);
        assert_eq!(read(&event), Ok(Redeemed { redemption, user, plan, amount }));
        let refused = read(&CreditsRedeemed { amount: None, user_id: String::new(), ..event }).expect_err("two fields");
        assert!(refused.contains("user_id") && refused.contains("amount"), "{refused}");
    }
}
