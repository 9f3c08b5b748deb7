//! Deciding on a case.

use chrono::{DateTime, Utc};
use orchard_db::idempotency::{Claim, Key};
use orchard_db::{Connection, moment};
use orchard_privacy::roll::is_pseudonym;
use orchard_server::Clock;
use uuid::Uuid;

use crate::error::Error;
use crate::referrals::case::{Case, CaseError, CaseKind, Decision, store};
use crate::referrals::earning::{Bought, Rewards};
use crate::referrals::order;
use crate::referrals::referral::RewardStatus;
use crate::referrals::referral::store::{self as referrals, Outcome};
use crate::referrals::rule::ReferralRule;
use crate::roll;

/// A moderator's decision.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) case: Uuid,
    pub(super) moderator: Uuid,
    pub(super) decision: Decision,
    pub(super) note: Option<String>,
    pub(super) key: Key,
    pub(super) rewards: Rewards,
    pub(super) clock: Clock,
}

impl Verdict {
    /// Carries the decision out, unless the request is a repeated one, and returns the case.
    pub(super) async fn apply(&self, connection: &mut Connection) -> Result<Case, Error> {
        let is_first = self.key.claim(connection, &[]).await? == Claim::First;
        let found = store::find(connection, self.case).await?.ok_or(CaseError::NotFound)?;
        if !is_first {
            return Ok(found);
        }
        roll::enrol(connection, self.moderator).await?;
        found.parties().lock(connection).await?;
        // Read again: an erasure may have put a pseudonym into the place of one of the two.
        let case = store::lock(connection, self.case).await?.ok_or(CaseError::NotFound)?;
        case.check(self.moderator, self.decision)?;
        let now = self.clock.at(moment(connection).await?);
        let referral = match (case.kind, self.decision) {
            (CaseKind::RefusedClaim, Decision::Rejected) => case.referral_id,
            (CaseKind::RefusedClaim, Decision::Approved) => Some(self.accept(connection, &case, now).await?),
            (CaseKind::WithheldReward, _) => self.release(connection, &case, now).await?,
        };
        let decided = (self.decision, self.note.as_deref());
        Ok(store::decide(connection, self.case, decided, (self.moderator, referral), now).await?)
    }

    /// Accepts a refused claim as of its time, and earns its reward if the claimant has bought something since.
    async fn accept(&self, connection: &mut Connection, case: &Case, now: DateTime<Utc>) -> Result<Uuid, Error> {
        for user in [case.claimant_id, case.referrer_id] {
            if is_pseudonym(connection, user).await? {
                return Err(CaseError::NotApprovable.into());
            }
        }
        if referrals::is_referred(connection, case.claimant_id).await? {
            return Err(CaseError::NotApprovable.into());
        }
        let parties = case.parties();
        let groups = parties.lock_groups(connection).await?;
        let claim = (&case.sharing, case.created_at);
        let id = parties.accept(connection, &groups, case.referral_id, claim, &self.rewards.terms).await?;
        if let Some(first) = order::first_of(connection, case.claimant_id).await?
            && let Some(at) = first.purchased_at
        {
            let referral = referrals::lock(connection, id).await?;
            // A moderator who approves a shared means of payment has looked at it.
            let shares_payment = case.rule != ReferralRule::SharedPayment && parties.share_payment(connection, now).await?;
            let bought = Bought { at, is_refunded: first.refunded_at.is_some(), shares_payment };
            self.rewards.convert(connection, &referral, &bought, now).await?;
        }
        Ok(id)
    }

    /// Makes a withheld reward earned, or ends it.
    async fn release(&self, connection: &mut Connection, case: &Case, now: DateTime<Utc>) -> Result<Option<Uuid>, Error> {
        let Some(id) = case.referral_id else { return Ok(None) };
        let referral = referrals::lock(connection, id).await?;
        if self.decision == Decision::Rejected {
            let expired = Outcome { reward_status: Some(RewardStatus::Expired), ..Outcome::default() };
            referrals::set(connection, id, &expired).await?;
        } else if is_pseudonym(connection, case.referrer_id).await? {
            return Err(CaseError::NotApprovable.into());
        } else {
            self.rewards.earn(connection, &referral, now).await?;
        }
        Ok(Some(id))
    }
}
