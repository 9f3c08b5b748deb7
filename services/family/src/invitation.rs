//! Invitations: offers of a seat, to a user or to whoever holds a token.

mod api;
pub(crate) mod store;
mod token;
mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;

use crate::member::{self, Role};

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum InvitationStatus {
    /// Waits for an answer.
    Pending,
    /// Was accepted.
    Accepted,
    /// Was declined by the invitee.
    Declined,
    /// Was taken back, or gave way to a newer one.
    Revoked,
}

/// Why an invitation refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// The caller knows of no such invitation.
    #[error("no such invitation")]
    NotFound,
    /// Its time is over.
    #[error("the invitation has expired")]
    Expired,
    /// It was answered or taken back.
    #[error("the invitation is no longer pending")]
    NotPending,
    /// The plan has offered enough for now.
    #[error("the plan has {MOST_PENDING} pending invitations")]
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
                refuse(Code::FailedPrecondition, ErrorReason::InvitationLimitReached).with("max_pending", MOST_PENDING)
            }
        }
    }
}

/// What names an invitation, in the hands of a user.
#[derive(Debug, Clone)]
pub enum Name {
    /// An invitation for that user.
    Id(Uuid),
    /// Hash of a token of an invitation for whoever has it.
    TokenHash(Vec<u8>),
}

/// Pending invitations of a plan at most: each may be a row for somebody who never comes.
pub const MOST_PENDING: i64 = 100;

/// Whether a plan with so many pending invitations may offer one more.
pub fn within_limit(pending: i64) -> Result<(), InvitationError> {
    if pending < MOST_PENDING { Ok(()) } else { Err(InvitationError::TooMany) }
}

/// An offer of a seat.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// The plan.
    pub family_plan_id: Uuid,
    /// Who made it.
    pub invited_by: Uuid,
    /// Who may accept; whoever has the token, when nobody.
    pub invitee_user_id: Option<Uuid>,
    /// What the invitee becomes.
    pub role: Role,
    /// Such as `parent`.
    pub relationship: Option<String>,
    /// Where it stands.
    pub status: InvitationStatus,
    /// Who accepted it.
    pub accepted_by: Option<Uuid>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// What accepting comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// A seat is to be taken.
    Take,
    /// The user took it before, by this invitation.
    Taken,
}

/// What declining and revoking come to.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is to be ended.
    End,
    /// It was ended so before.
    Ended,
}

impl Invitation {
    /// Whether `user` may accept. `expired` is the database's word, which all replicas share.
    pub fn accept(&self, user: Uuid, expired: bool) -> Result<Acceptance, InvitationError> {
        match self.status {
            InvitationStatus::Accepted if self.accepted_by == Some(user) => Ok(Acceptance::Taken),
            InvitationStatus::Accepted | InvitationStatus::Declined | InvitationStatus::Revoked => {
                Err(InvitationError::NotPending)
            }
            InvitationStatus::Pending if expired => Err(InvitationError::Expired),
            InvitationStatus::Pending => Ok(Acceptance::Take),
        }
    }

    /// Whether the invitee may decline. They may when it has expired: it is still on the table.
    pub fn decline(&self) -> Result<Ending, InvitationError> {
        match self.status {
            InvitationStatus::Pending => Ok(Ending::End),
            InvitationStatus::Declined => Ok(Ending::Ended),
            InvitationStatus::Accepted | InvitationStatus::Revoked => Err(InvitationError::NotPending),
        }
    }

    /// Whether it may be taken back, by one who may.
    pub fn revoke(&self) -> Result<Ending, InvitationError> {
        match self.status {
            InvitationStatus::Pending => Ok(Ending::End),
            InvitationStatus::Revoked => Ok(Ending::Ended),
            InvitationStatus::Accepted | InvitationStatus::Declined => Err(InvitationError::NotPending),
        }
    }

    /// Whether `member`, who has this role in the plan, is one who may take it back, whatever they may offer now.
    pub fn revocable_by(&self, member: Uuid, role: Role) -> Result<(), member::MemberError> {
        if role == Role::Admin || member == self.invited_by { Ok(()) } else { Err(member::MemberError::RoleNotPermitted) }
    }
}

#[cfg(test)]
mod tests {
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
        }
    }

    #[test]
    fn who_may_accept_when() {
        let accept = |status, accepted_by, expired| invitation(status, accepted_by).accept(ME, expired);
        assert_eq!(accept(InvitationStatus::Pending, None, false), Ok(Acceptance::Take));
        assert_eq!(accept(InvitationStatus::Pending, None, true), Err(InvitationError::Expired));
        assert_eq!(accept(InvitationStatus::Accepted, Some(ME), true), Ok(Acceptance::Taken));
        assert_eq!(accept(InvitationStatus::Accepted, Some(OTHER), false), Err(InvitationError::NotPending));
        assert_eq!(accept(InvitationStatus::Revoked, None, false), Err(InvitationError::NotPending));
        assert_eq!(accept(InvitationStatus::Declined, None, false), Err(InvitationError::NotPending));
    }

    #[test]
    fn what_is_answered_is_not_ended_otherwise() {
        use InvitationStatus::{Accepted, Declined, Pending, Revoked};
        let all = [Pending, Accepted, Declined, Revoked];
        let refused = || Err(InvitationError::NotPending);
        let declined = all.map(|status| invitation(status, Some(ME)).decline());
        assert_eq!(declined, [Ok(Ending::End), refused(), Ok(Ending::Ended), refused()]);
        let revoked = all.map(|status| invitation(status, Some(ME)).revoke());
        assert_eq!(revoked, [Ok(Ending::End), refused(), refused(), Ok(Ending::Ended)]);
    }

    #[test]
    fn admins_and_its_maker_take_it_back() {
        let by = |member, role| invitation(InvitationStatus::Pending, None).revocable_by(member, role).is_ok();
        let roles = [Role::Admin, Role::Member, Role::Child, Role::Guest];
        assert_eq!(roles.map(|role| by(ME, role)), [true, false, false, false]);
        assert_eq!(roles.map(|role| by(OTHER, role)), [true; 4]);
    }
}
