//! Refused claims and withheld rewards, on which moderators decide.

pub(super) mod store;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use orchard_db::Rule;
use orchard_proto::social::v1::{self as pb, ErrorReason};
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use super::parties::Parties;
use super::referral::Referral;
use super::rule::ReferralRule;
use super::sharing::Sharing;
use crate::error::Error;

/// Why a decision is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CaseError {
    #[error("no such case")]
    NotFound,
    #[error("the case was decided, or its order was fully refunded")]
    AlreadyDecided,
    #[error("the case can only be rejected")]
    NotApprovable,
    #[error("the caller is part of the case")]
    Own,
}

impl Rule for CaseError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::ReferralCaseNotFound),
            Self::AlreadyDecided => refuse(Code::FailedPrecondition, ErrorReason::AlreadyDecided),
            Self::NotApprovable => refuse(Code::FailedPrecondition, ErrorReason::CaseNotApprovable),
            Self::Own => refuse(Code::FailedPrecondition, ErrorReason::OwnCase),
        }
    }
}

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum CaseKind {
    RefusedClaim,
    WithheldReward,
}

orchard_db::text_column!(CaseKind);
orchard_rpc::wire_enum!(CaseKind => pb::ReferralCaseKind: RefusedClaim, WithheldReward);

/// What a moderator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Decision {
    Approved,
    Rejected,
}

orchard_db::text_column!(Decision);
orchard_rpc::wire_enum!(Decision <=> pb::ReferralDecision: Approved, Rejected);

/// A refused claim or a withheld reward.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) id: Uuid,
    pub(super) kind: CaseKind,
    pub(super) rule: ReferralRule,
    pub(super) claimant_id: Uuid,
    pub(super) referrer_id: Uuid,
    pub(super) referral_id: Option<Uuid>,
    pub(super) sharing: Sharing,
    pub(super) created_at: DateTime<Utc>,
    pub(super) decision: Option<Decision>,
    pub(super) note: Option<String>,
    pub(super) moderator_id: Option<Uuid>,
    pub(super) decided_at: Option<DateTime<Utc>>,
}

impl Case {
    /// Returns who has claimed whose code.
    pub(super) fn parties(&self) -> Parties {
        Parties { claimant: self.claimant_id, referrer: self.referrer_id }
    }

    /// Checks whether a moderator may decide so.
    pub(super) fn check(&self, moderator: Uuid, decision: Decision) -> Result<(), CaseError> {
        if self.decision.is_some() {
            return Err(CaseError::AlreadyDecided);
        }
        if [self.claimant_id, self.referrer_id].contains(&moderator) {
            return Err(CaseError::Own);
        }
        if decision == Decision::Approved && !self.rule.is_approvable() {
            return Err(CaseError::NotApprovable);
        }
        Ok(())
    }
}

/// Keeps a refused claim.
pub(super) async fn refuse(
    connection: &mut AsyncPgConnection,
    parties: Parties,
    rule: ReferralRule,
    invitation: Option<Uuid>,
    (sharing, now): (&Sharing, DateTime<Utc>),
) -> Result<(), Error> {
    // An invitation has its own.
    let sharing = if invitation.is_some() { Sharing::default() } else { sharing.clone() };
    Ok(store::insert(connection, CaseKind::RefusedClaim, (parties, invitation), rule, (&sharing, now)).await?)
}

/// Withholds the reward of a referral.
pub(super) async fn withhold(connection: &mut AsyncPgConnection, referral: &Referral, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(claimant) = referral.referee_id else { return Ok(()) };
    let parties = Parties { claimant, referrer: referral.referrer_id };
    let rule = ReferralRule::SharedPayment;
    store::set_withheld(connection, referral.id, rule).await?;
    let sharing = Sharing::default();
    Ok(store::insert(connection, CaseKind::WithheldReward, (parties, Some(referral.id)), rule, (&sharing, now)).await?)
}

/// Closes the case of a referral that is withheld: there is nothing to decide any more.
pub(super) async fn close(connection: &mut AsyncPgConnection, referral: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    Ok(store::close(connection, referral, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_decided_once_and_not_by_who_is_part_of_it() {
        let [claimant_id, referrer_id, moderator] = [1, 2, 3].map(Uuid::from_u128);
        let case = |rule, decision| Case {
            id: Uuid::nil(),
            kind: CaseKind::RefusedClaim,
            rule,
            claimant_id,
            referrer_id,
            referral_id: None,
            sharing: Sharing::default(),
            created_at: DateTime::UNIX_EPOCH,
            decision,
            note: None,
            moderator_id: None,
            decided_at: None,
        };
        let open = case(ReferralRule::Velocity, None);
        assert_eq!(open.check(moderator, Decision::Approved), Ok(()));
        for own in [claimant_id, referrer_id] {
            assert_eq!(open.check(own, Decision::Rejected), Err(CaseError::Own));
        }
        let decided = case(ReferralRule::Velocity, Some(Decision::Rejected));
        assert_eq!(decided.check(moderator, Decision::Rejected), Err(CaseError::AlreadyDecided));
        let own_code = case(ReferralRule::Own, None);
        assert_eq!(own_code.check(moderator, Decision::Approved), Err(CaseError::NotApprovable));
        assert_eq!(own_code.check(moderator, Decision::Rejected), Ok(()));
    }
}
