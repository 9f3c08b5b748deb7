//! What a member may do in a plan, and what they show to its other members.

pub(crate) mod children;
mod permissions;
mod privacy;
pub(crate) mod store;
pub(crate) mod wire;

use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;

pub use permissions::{Permission, Permissions};
pub use privacy::PrivacySettings;

/// A member's role in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Runs the plan.
    Admin,
    /// An adult who shares the wallet.
    Member,
    /// A child. Takes part, but may not spend.
    Child,
    /// Sees the name of the plan and its members.
    Guest,
}

/// Why a member's rights refuse a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RightsError {
    #[error("no such member")]
    MemberNotFound,
    /// The role or the permissions of the caller do not suffice.
    #[error("the caller's role in the plan, or the permissions that an admin left them, do not allow this")]
    RoleNotPermitted,
    /// The caller is a child.
    #[error("a child cannot do this")]
    Child,
}

impl RightsError {
    /// Refuses what is not permitted.
    pub fn unless(permitted: bool) -> Result<(), Self> {
        if permitted { Ok(()) } else { Err(Self::RoleNotPermitted) }
    }
}

impl Rule for RightsError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::MemberNotFound => refuse(Code::NotFound, ErrorReason::MemberNotFound),
            Self::RoleNotPermitted => refuse(Code::PermissionDenied, ErrorReason::RoleNotPermitted),
            Self::Child => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
        }
    }
}

/// The role of an active member, and the permissions that an admin has left them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    pub role: Role,
    /// The permissions, which only restrict the role.
    pub permissions: Permissions,
}

impl Rights {
    /// Checks that the member may offer a seat with the role `offered`.
    ///
    /// Only an admin may seat an admin. A restricted member may not seat an unrestricted adult, who could lift the restriction.
    pub fn may_offer(&self, offered: Role) -> Result<(), RightsError> {
        let suffices = match offered {
            Role::Admin => self.role == Role::Admin && self.is_unrestricted(),
            Role::Member => self.is_unrestricted(),
            Role::Child => self.permissions.view_nutrition,
            Role::Guest => true,
        };
        RightsError::unless(self.may_invite() && suffices)
    }

    /// Checks that the admin may give another member the role `role`.
    pub fn may_grant(&self, role: Role) -> Result<(), RightsError> {
        let adult = matches!(role, Role::Admin | Role::Member);
        RightsError::unless(!adult || self.is_unrestricted())
    }

    /// Returns whether the member has all permissions of their role.
    pub fn is_unrestricted(&self) -> bool {
        self.permissions == Permissions::default()
    }

    /// Returns whether the member may do something that another service asks about.
    pub fn may(&self, permission: Permission) -> bool {
        match permission {
            Permission::Spend => self.may_spend(),
            Permission::Invite => self.may_invite(),
            Permission::ViewNutrition => self.may_see_nutrition(),
            Permission::Manage => self.may_manage().is_ok(),
        }
    }

    /// Returns whether the member may invite users.
    pub fn may_invite(&self) -> bool {
        self.is_adult() && self.permissions.invite
    }

    /// Returns whether the member may take money out of the wallet.
    pub fn may_spend(&self) -> bool {
        self.is_adult() && self.permissions.spend
    }

    /// Returns whether the member may see the balance of the wallet.
    pub fn may_see_wallet(&self) -> bool {
        self.role != Role::Guest
    }

    /// Returns whether the member may see the nutrition that others share.
    pub fn may_see_nutrition(&self) -> bool {
        self.role != Role::Guest && self.permissions.view_nutrition
    }

    /// Checks that the member may read the wallet and its entries.
    pub fn may_read_wallet(&self) -> Result<(), RightsError> {
        RightsError::unless(self.may_see_wallet())
    }

    /// Checks that the member may manage the plan and its members.
    pub fn may_manage(&self) -> Result<(), RightsError> {
        RightsError::unless(self.role == Role::Admin)
    }

    fn is_adult(&self) -> bool {
        matches!(self.role, Role::Admin | Role::Member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigdecimal::BigDecimal;

    const ROLES: [Role; 4] = [Role::Admin, Role::Member, Role::Child, Role::Guest];

    fn unrestricted(role: Role) -> Rights {
        Rights { role, permissions: Permissions::default() }
    }

    #[test]
    fn a_member_offers_no_role_above_their_own() {
        let offers = |role| ROLES.map(|offered| unrestricted(role).may_offer(offered).is_ok());
        assert_eq!(offers(Role::Admin), [true, true, true, true]);
        assert_eq!(offers(Role::Member), [false, true, true, true]);
        assert_eq!(offers(Role::Child), [false; 4]);
        assert_eq!(offers(Role::Guest), [false; 4]);
    }

    #[test]
    fn a_restricted_admin_offers_no_unrestricted_role() {
        let offers = |permissions| {
            let rights = Rights { role: Role::Admin, permissions };
            ROLES.map(|offered| rights.may_offer(offered).is_ok())
        };
        let limit = Some(BigDecimal::from(10));
        assert_eq!(offers(Permissions { daily_spend_limit: limit, ..Permissions::default() }), [false, false, true, true]);
        assert_eq!(offers(Permissions { spend: false, ..Permissions::default() }), [false, false, true, true]);
        assert_eq!(offers(Permissions { view_nutrition: false, ..Permissions::default() }), [false, false, false, true]);
        assert_eq!(offers(Permissions { invite: false, ..Permissions::default() }), [false; 4]);
    }

    #[test]
    fn permissions_restrict_a_role_and_never_extend_it() {
        let may = |rights: Rights| [rights.may_spend(), rights.may_invite(), rights.may_see_nutrition()];
        assert_eq!(ROLES.map(|role| may(unrestricted(role))), [[true; 3], [true; 3], [false, false, true], [false; 3]]);
        for role in ROLES {
            assert_eq!(may(Rights { role, permissions: Permissions::NONE }), [false; 3], "{role:?}");
        }
    }
}
