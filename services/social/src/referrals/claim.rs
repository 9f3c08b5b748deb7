//! Claims: the owner of a code has referred the caller.

mod misses;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::idempotency::{Claim as KeyClaim, Key};
use orchard_db::{Connection, Db, Rule, moment};
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use orchard_server::Clock;
use tonic::Code as Status;
use uuid::Uuid;

use super::code::Code;
use super::fingerprint::FingerprintKind;
use super::group::Pair;
use super::parties::Parties;
use super::referral::{RewardStatus, invite, store as referrals};
use super::rule::Facts;
use super::sharing::Sharing;
use super::terms::Terms;
use super::{case, order};
use crate::error::Error;
use crate::roll;

/// Why a claim is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClaimError {
    /// The code does not exist, was claimed, or has expired, or its owner was erased.
    #[error("no such referral code")]
    NoSuchCode,
    #[error("the caller has claimed too many codes that do not exist")]
    TooMany {
        /// Until the next claim.
        delay: Duration,
    },
}

impl Rule for ClaimError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoSuchCode => Refusal::new(Status::NotFound, ErrorReason::ReferralCodeNotFound, self),
            Self::TooMany { delay } => {
                Refusal::new(Status::ResourceExhausted, ErrorReason::TooManyClaims, self).retry_after(*delay)
            }
        }
    }
}

/// A claim of a code.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) claimant: Uuid,
    pub(super) code: Code,
    pub(super) sharing: Sharing,
    pub(super) key: Key,
    pub(super) terms: Terms,
    pub(super) clock: Clock,
}

impl Claim {
    /// Makes the claim. The caller cannot tell from the response whether it was accepted.
    pub(super) async fn make(self, db: &Db) -> Result<(), Error> {
        let (claimant, ahead) = (self.claimant, self.clock.ahead());
        // Counted before, and taken back by a claim of a code that exists, so that many claims at once cannot exceed the limit.
        let charge = async move |connection: &mut Connection| {
            roll::enrol(connection, claimant).await?;
            Ok::<_, Error>(misses::charge(connection, claimant, ahead).await?)
        };
        if let Some(delay) = db.write("charge claim", charge).await? {
            return Err(ClaimError::TooMany { delay }.into());
        }
        let made = db.write("claim referral", async move |connection: &mut Connection| self.apply(connection).await).await;
        let Err(error) = made else { return Ok(()) };
        let error = match error.refused() {
            Ok(refusal) if refusal.is(ErrorReason::ReferralCodeNotFound) => return Err(refusal.into()),
            Ok(refusal) => Error::from(refusal),
            Err(failure) => failure.into(),
        };
        // Nothing was learnt of a code. If this fails as well, the claim counts.
        let take_back = async move |connection: &mut Connection| Ok::<_, Error>(misses::take_back(connection, claimant).await?);
        if let Err(cause) = db.write("take back charge", take_back).await {
            tracing::warn!(%cause, "a claim that failed counts as one of a code that does not exist");
        }
        Err(error)
    }

    async fn apply(&self, connection: &mut Connection) -> Result<(), Error> {
        if self.key.claim(connection, &[]).await? != KeyClaim::First {
            return Ok(misses::take_back(connection, self.claimant).await?);
        }
        roll::enrol(connection, self.claimant).await?;
        let found = invite::find(connection, &self.code).await?.ok_or(ClaimError::NoSuchCode)?;
        let parties = Parties { claimant: self.claimant, referrer: found.owner };
        if !parties.lock(connection).await? {
            return Err(ClaimError::NoSuchCode.into());
        }
        let now = self.clock.at(moment(connection).await?);
        if let Some(invitation) = found.invitation {
            let referral = referrals::lock(connection, invitation).await?;
            let is_open =
                referral.status_at(now) == RewardStatus::Pending && invite::find(connection, &self.code).await?.is_some();
            if !is_open {
                return Err(ClaimError::NoSuchCode.into());
            }
            // Whatever the rules say: whether the code can be claimed again would tell.
            invite::use_up(connection, &[invitation]).await?;
        }
        let (groups, facts) = facts(connection, parties, now, &self.terms).await?;
        match facts.broken(i64::from(self.terms.referral_claims_per_day)) {
            None => {
                parties.accept(connection, &groups, found.invitation, (&self.sharing, now), &self.terms).await?;
            }
            Some(rule) => {
                groups.leave_apart(connection).await?;
                case::refuse(connection, parties, rule, found.invitation, (&self.sharing, now)).await?;
            }
        }
        Ok(misses::take_back(connection, self.claimant).await?)
    }
}

/// Locks the groups of the two, and finds out all that the rules ask.
async fn facts(connection: &mut Connection, parties: Parties, now: DateTime<Utc>, terms: &Terms) -> Result<(Pair, Facts), Error> {
    let groups = parties.lock_groups(connection).await?;
    let shared = parties.shared(connection, &groups, now).await?;
    let most = i64::from(terms.referral_claims_per_day);
    let (is_referred, is_customer, accepted) = tokio::try_join!(
        referrals::is_referred(connection, parties.claimant),
        order::is_customer(connection, parties.claimant),
        referrals::accepted(connection, parties.referrer, now - TimeDelta::days(1), most),
    )?;
    let facts = Facts {
        is_own: parties.claimant == parties.referrer,
        is_referred,
        is_customer,
        is_cycle: groups.is_one(),
        shares_device: shared.contains(&FingerprintKind::Device),
        shares_payment: shared.contains(&FingerprintKind::Payment),
        accepted,
    };
    Ok((groups, facts))
}
