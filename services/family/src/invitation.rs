//! Invitations: offers of a seat to one user, or to anyone who has a token.

mod api;
mod store;
mod token;
mod wire;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::rights::{RightsError, Role};
use crate::transition::Transition;

/// Maximum number of pending invitations of a plan. Each may become a row for a user who never comes.
pub const MAX_PENDING: i64 = 100;

/// Status of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum InvitationStatus {
    /// Waits for an answer.
    Pending,
    Accepted,
    /// Was declined by the invitee. Only an earlier release stored this; see [`Invitation::declined_at`].
    Declined,
    /// Was revoked by the plan, or replaced by a newer invitation after it expired.
    Revoked,
    /// Was not answered in time. Rows keep the status `pending`: the database's clock decides when they are read.
    Expired,
}

/// Why a rule of invitations refuses a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// The invitation does not exist, or is not for the caller.
    #[error("no such invitation")]
    NotFound,
    #[error("the invitation has expired")]
    Expired,
    /// The invitation was accepted by someone else, declined or revoked.
    #[error("the invitation is no longer pending")]
    NotPending,
    #[error("the plan has {MAX_PENDING} pending invitations")]
    TooMany,
}

impl Rule for InvitationError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::InvitationNotFound),
            Self::Expired => refuse(Code::FailedPrecondition, ErrorReason::InvitationExpired),
            Self::NotPending => refuse(Code::FailedPrecondition, ErrorReason::InvitationNotPending),
            Self::TooMany => {
                refuse(Code::FailedPrecondition, ErrorReason::InvitationLimitReached).with("max_pending", MAX_PENDING)
            }
        }
    }
}

/// Identifies an invitation that a user answers: by id if it names the user, and by the hash of its token if it names no user.
#[derive(Debug, Clone)]
enum Locator {
    Id(Uuid),
    TokenHash(Vec<u8>),
}

/// An invitation to create, for one user or for anyone who has the token.
#[derive(Debug, Clone)]
struct NewInvitation {
    plan: Uuid,
    invitee: Option<Uuid>,
    role: Role,
    relationship: Option<String>,
    ttl: Duration,
}

/// An offer of a seat.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub id: Uuid,
    pub family_plan_id: Uuid,
    /// The user who created it.
    pub invited_by: Uuid,
    /// The user who may accept; `None` for anyone who has the token.
    pub invitee_user_id: Option<Uuid>,
    /// The role that the invitee gets.
    pub role: Role,
    /// Such as `parent`.
    pub relationship: Option<String>,
    pub status: InvitationStatus,
    pub accepted_by: Option<Uuid>,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    /// When the invitee declined it. To the plan it looks as if it waited.
    pub declined_at: Option<DateTime<Utc>>,
}

impl Invitation {
    /// Checks that `user` may accept.
    pub fn accept(&self, user: Uuid) -> Result<Transition, InvitationError> {
        match self.status {
            InvitationStatus::Accepted if self.accepted_by == Some(user) => Ok(Transition::Done),
            InvitationStatus::Accepted | InvitationStatus::Declined | InvitationStatus::Revoked => {
                Err(InvitationError::NotPending)
            }
            _ if self.declined_at.is_some() => Err(InvitationError::NotPending),
            InvitationStatus::Expired => Err(InvitationError::Expired),
            InvitationStatus::Pending => Ok(Transition::Due),
        }
    }

    /// Checks that the invitee may decline, also after the invitation has expired.
    pub fn decline(&self) -> Result<Transition, InvitationError> {
        match self.status {
            _ if self.declined_at.is_some() => Ok(Transition::Done),
            InvitationStatus::Pending | InvitationStatus::Expired => Ok(Transition::Due),
            InvitationStatus::Declined => Ok(Transition::Done),
            InvitationStatus::Accepted | InvitationStatus::Revoked => Err(InvitationError::NotPending),
        }
    }

    /// Checks that the invitation can be revoked, also after it has expired.
    pub fn revoke(&self) -> Result<Transition, InvitationError> {
        match self.status {
            InvitationStatus::Pending | InvitationStatus::Expired => Ok(Transition::Due),
            InvitationStatus::Revoked => Ok(Transition::Done),
            InvitationStatus::Accepted | InvitationStatus::Declined => Err(InvitationError::NotPending),
        }
    }

    /// Checks that a member with this role may revoke the invitation: any admin, and its creator whatever they may offer now.
    pub fn revocable_by(&self, member: Uuid, role: Role) -> Result<(), RightsError> {
        RightsError::unless(role == Role::Admin || member == self.invited_by)
    }
}

/// Returns how long after a decline the next invitation of the same user waits until it is shown, when they were declined so often.
pub fn pause(declines: i32) -> TimeDelta {
    TimeDelta::days(match declines {
        ..=1 => 1,
        2 => 7,
        3.. => 30,
    })
}

/// Checks that a plan with `pending` invitations may have another one.
pub fn within_limit(pending: i64) -> Result<(), InvitationError> {
    if pending < MAX_PENDING { Ok(()) } else { Err(InvitationError::TooMany) }
}

#[cfg(test)]
mod tests {
    use super::InvitationStatus::{Accepted, Declined, Expired, Pending, Revoked};
    use super::*;

    const ME: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn invitation(status: InvitationStatus, accepted_by: Option<Uuid>) -> Invitation {
        Invitation {
            id: Uuid::nil(),
            family_plan_id: Uuid::nil(),
            invited_by: OTHER,
            invitee_user_id: None,
            role: Role::Member,
            relationship: None,
            status,
            accepted_by,
            expires_at: DateTime::UNIX_EPOCH,
            created_at: DateTime::UNIX_EPOCH,
            declined_at: None,
        }
    }

    #[test]
    fn a_pending_invitation_is_accepted_once() {
        let accept = |status, accepted_by| invitation(status, accepted_by).accept(ME);
        assert_eq!(accept(Pending, None), Ok(Transition::Due));
        assert_eq!(accept(Expired, None), Err(InvitationError::Expired));
        assert_eq!(accept(Accepted, Some(ME)), Ok(Transition::Done));
        assert_eq!(accept(Accepted, Some(OTHER)), Err(InvitationError::NotPending));
        assert_eq!(accept(Revoked, None), Err(InvitationError::NotPending));
        assert_eq!(accept(Declined, None), Err(InvitationError::NotPending));
    }

    #[test]
    fn an_invitation_ends_in_one_way() {
        let all = [Pending, Accepted, Declined, Revoked, Expired];
        let refused = || Err(InvitationError::NotPending);
        let declined = all.map(|status| invitation(status, Some(ME)).decline());
        assert_eq!(declined, [Ok(Transition::Due), refused(), Ok(Transition::Done), refused(), Ok(Transition::Due)]);
        let revoked = all.map(|status| invitation(status, Some(ME)).revoke());
        assert_eq!(revoked, [Ok(Transition::Due), refused(), refused(), Ok(Transition::Done), Ok(Transition::Due)]);
    }

    #[test]
    fn a_declined_invitation_waits_for_the_plan_only() {
        let declined = Invitation { declined_at: Some(DateTime::UNIX_EPOCH), ..invitation(Pending, None) };
        assert_eq!(declined.accept(ME), Err(InvitationError::NotPending));
        assert_eq!((declined.decline(), declined.revoke()), (Ok(Transition::Done), Ok(Transition::Due)));
        assert_eq!([0, 1, 2, 3, 9].map(|declines| pause(declines).num_days()), [1, 1, 7, 30, 30]);
    }

    #[test]
    fn admins_and_its_creator_may_revoke_an_invitation() {
        let by = |member, role| invitation(Pending, None).revocable_by(member, role).is_ok();
        let roles = [Role::Admin, Role::Member, Role::Child, Role::Guest];
        assert_eq!(roles.map(|role| by(ME, role)), [true, false, false, false]);
        assert_eq!(roles.map(|role| by(OTHER, role)), [true; 4]);
    }
}
