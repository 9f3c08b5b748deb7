//! Invitations: offers of a seat, to a user or to whoever holds a token.

mod api;
pub(crate) mod store;
mod token;
mod wire;

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

use crate::member::Role;

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
pub enum Refused {
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
pub fn within_limit(pending: i64) -> Result<(), Refused> {
    if pending < MOST_PENDING { Ok(()) } else { Err(Refused::TooMany) }
}

/// An offer of a seat.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// The plan.
    pub family_plan_id: Uuid,
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

impl Invitation {
    /// Whether `user` may accept. `expired` is the database's word, which all replicas share.
    pub fn accept(&self, user: Uuid, expired: bool) -> Result<Acceptance, Refused> {
        match self.status {
            InvitationStatus::Accepted if self.accepted_by == Some(user) => Ok(Acceptance::Taken),
            InvitationStatus::Accepted | InvitationStatus::Declined | InvitationStatus::Revoked => Err(Refused::NotPending),
            InvitationStatus::Pending if expired => Err(Refused::Expired),
            InvitationStatus::Pending => Ok(Acceptance::Take),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_accept_when() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let accept = |status, accepted_by, expired| {
            let invitation = Invitation {
                id: Uuid::nil(),
                family_plan_id: Uuid::nil(),
                invitee_user_id: None,
                role: Role::Member,
                relationship: None,
                status,
                accepted_by,
                expires_at: DateTime::UNIX_EPOCH,
                created_at: DateTime::UNIX_EPOCH,
            };
            invitation.accept(me, expired)
        };
        assert_eq!(accept(InvitationStatus::Pending, None, false), Ok(Acceptance::Take));
        assert_eq!(accept(InvitationStatus::Pending, None, true), Err(Refused::Expired));
        assert_eq!(accept(InvitationStatus::Accepted, Some(me), true), Ok(Acceptance::Taken));
        assert_eq!(accept(InvitationStatus::Accepted, Some(other), false), Err(Refused::NotPending));
        assert_eq!(accept(InvitationStatus::Revoked, None, false), Err(Refused::NotPending));
        assert_eq!(accept(InvitationStatus::Declined, None, false), Err(Refused::NotPending));
    }
}
