//! Members: the users who have, or had, a seat in a plan.

mod api;
mod changes;
mod patch;
pub(crate) mod seat;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

pub use patch::{Patch, PermissionsPatch};

use crate::plan::Plan;
use crate::rights::{Permissions, PrivacySettings, Rights, Role};

/// Why a rule of members refuses a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    #[error("the user is a member already, or has a pending invitation")]
    AlreadyMember,
    /// The holder keeps the seat and the role of an admin.
    #[error("the member holds the plan and must pass it on first")]
    HolderMustTransfer,
    /// An admin tries to make a user a child.
    #[error("a user becomes a child only by accepting an invitation as one")]
    ConsentRequired,
    #[error("the user is banned from the plan")]
    Banned,
    /// A child's seat becomes another one only by the release of the child.
    #[error("the member is a child, whom an adult must release first")]
    ChildNotReleased,
    #[error("no such child")]
    ChildNotFound,
}

impl Rule for MemberError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::AlreadyMember => refuse(Code::AlreadyExists, ErrorReason::AlreadyMember),
            Self::HolderMustTransfer => refuse(Code::FailedPrecondition, ErrorReason::HolderMustTransfer),
            Self::ConsentRequired => refuse(Code::FailedPrecondition, ErrorReason::ConsentRequired),
            Self::Banned => refuse(Code::FailedPrecondition, ErrorReason::MemberBanned),
            Self::ChildNotReleased => refuse(Code::FailedPrecondition, ErrorReason::ChildNotReleased),
            Self::ChildNotFound => refuse(Code::NotFound, ErrorReason::ChildNotFound),
        }
    }
}

/// A child to add to a plan.
#[derive(Debug, Clone)]
pub(crate) struct NewChild {
    display_name: String,
    relationship: Option<String>,
}

/// A user as a member, or former member, of a plan.
#[derive(Debug, Clone)]
pub struct Member {
    pub family_plan_id: Uuid,
    pub user_id: Uuid,
    /// The role in the plan.
    pub role: Role,
    /// Name used inside the family.
    pub display_name: Option<String>,
    /// Such as `parent`.
    pub relationship: Option<String>,
    /// What others may see.
    pub privacy: PrivacySettings,
    /// When the member joined, or last rejoined.
    pub joined_at: DateTime<Utc>,
    /// Whether the member has a seat now.
    pub is_active: bool,
    /// What an admin has left the member of what the role allows.
    pub permissions: Permissions,
    /// When the member was banned; `None` when they are not.
    pub banned_at: Option<DateTime<Utc>>,
    /// The adult who added this child and is responsible for it.
    pub guardian_user_id: Option<Uuid>,
    /// When the guardian consented to storing the child's data.
    pub consent_at: Option<DateTime<Utc>>,
}

impl Member {
    /// Returns the rights that the member has while they are active.
    pub fn rights(&self) -> Rights {
        Rights { role: self.role, permissions: self.permissions.clone() }
    }

    /// Checks that an admin may give the member this role.
    pub fn may_become(&self, role: Role, plan: &Plan) -> Result<(), MemberError> {
        if role != Role::Admin {
            self.may_leave(plan)?;
        }
        match (self.role, role) {
            (Role::Child, Role::Admin | Role::Member) => Err(MemberError::ChildNotReleased),
            (Role::Admin | Role::Member | Role::Guest, Role::Child) => Err(MemberError::ConsentRequired),
            _ => Ok(()),
        }
    }

    /// Checks that the member may lose their seat.
    pub fn may_leave(&self, plan: &Plan) -> Result<(), MemberError> {
        if plan.is_held_by(self.user_id) { Err(MemberError::HolderMustTransfer) } else { Ok(()) }
    }
}

/// Checks that a user, who may have been a member before, may take a seat.
pub fn may_be_seated(former: Option<&Member>) -> Result<(), MemberError> {
    match former {
        Some(member) if member.is_active => Err(MemberError::AlreadyMember),
        Some(member) if member.banned_at.is_some() => Err(MemberError::Banned),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
impl Member {
    /// Returns an active member for tests.
    fn example(user_id: Uuid, role: Role) -> Self {
        Self {
            family_plan_id: Uuid::nil(),
            user_id,
            role,
            display_name: None,
            relationship: None,
            privacy: PrivacySettings::default(),
            joined_at: DateTime::UNIX_EPOCH,
            is_active: true,
            permissions: Permissions::default(),
            banned_at: None,
            guardian_user_id: None,
            consent_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_stays_an_admin_and_no_member_is_made_a_child() {
        let (holder, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let plan = Plan { primary_account_holder: Some(holder), ..Plan::example() };
        let changed = |user, from, to| Member::example(user, from).may_become(to, &plan);
        for role in [Role::Member, Role::Child, Role::Guest] {
            assert_eq!(changed(holder, Role::Admin, role), Err(MemberError::HolderMustTransfer));
        }
        assert_eq!(changed(holder, Role::Admin, Role::Admin), Ok(()));
        assert_eq!(changed(other, Role::Guest, Role::Child), Err(MemberError::ConsentRequired));
        assert_eq!(changed(other, Role::Child, Role::Child), Ok(()));
        assert_eq!(changed(other, Role::Child, Role::Member), Err(MemberError::ChildNotReleased));
        assert_eq!(Member::example(holder, Role::Admin).may_leave(&plan), Err(MemberError::HolderMustTransfer));
        assert_eq!(Member::example(other, Role::Admin).may_leave(&plan), Ok(()));
    }

    #[test]
    fn active_and_banned_members_take_no_seat() {
        let active = Member::example(Uuid::nil(), Role::Member);
        let former = Member { is_active: false, ..active.clone() };
        let banned = Member { banned_at: Some(DateTime::UNIX_EPOCH), ..former.clone() };
        assert_eq!(may_be_seated(None), Ok(()));
        assert_eq!(may_be_seated(Some(&former)), Ok(()));
        assert_eq!(may_be_seated(Some(&banned)), Err(MemberError::Banned));
        assert_eq!(may_be_seated(Some(&active)), Err(MemberError::AlreadyMember));
    }
}
