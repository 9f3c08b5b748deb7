//! What a member may: what their role allows, less what their permissions take away.

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

use super::{MemberError, Role};

/// What an admin has left a member of what their role allows. Never more than that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// To spend.
    pub spend: bool,
    /// Most that they may spend in a day; nothing for no limit.
    pub daily_spend_limit: Option<BigDecimal>,
    /// To invite, and to add children.
    pub invite: bool,
    /// To see others' nutrition.
    pub view_nutrition: bool,
}

impl Permissions {
    /// Nothing is permitted.
    pub const CLOSED: Self = Self { spend: false, daily_spend_limit: None, invite: false, view_nutrition: false };
}

impl Default for Permissions {
    fn default() -> Self {
        Self { spend: true, daily_spend_limit: None, invite: true, view_nutrition: true }
    }
}

/// What an active member is in a plan, and what they are permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Their role.
    pub role: Role,
    /// What is left of it.
    pub permissions: Permissions,
}

impl Standing {
    /// Whether they may offer a seat with the role `offered`: nobody raises another above themselves, and so who is limited seats nobody
    /// who is not.
    pub fn may_offer(&self, offered: Role) -> Result<(), MemberError> {
        let permitted = self.may_invite()
            && match offered {
                Role::Admin => self.role == Role::Admin && self.is_unlimited(),
                Role::Member => self.is_unlimited(),
                Role::Child => self.permissions.view_nutrition,
                Role::Guest => true,
            };
        if permitted { Ok(()) } else { Err(MemberError::RoleNotPermitted) }
    }

    /// Whether they, who manage the plan, may make another what `role` says.
    pub fn may_grant(&self, role: Role) -> Result<(), MemberError> {
        let adult = matches!(role, Role::Admin | Role::Member);
        if !adult || self.is_unlimited() { Ok(()) } else { Err(MemberError::RoleNotPermitted) }
    }

    /// Whether nothing is taken from what their role allows.
    pub fn is_unlimited(&self) -> bool {
        self.permissions == Permissions::default()
    }

    /// Whether they may invite at all.
    pub fn may_invite(&self) -> bool {
        self.is_adult() && self.permissions.invite
    }

    /// Whether they may take money out of the wallet.
    pub fn may_spend(&self) -> bool {
        self.is_adult() && self.permissions.spend
    }

    /// Whether they may see the wallet.
    pub fn may_see_wallet(&self) -> bool {
        self.role != Role::Guest
    }

    /// Whether they may see the nutrition that others share.
    pub fn may_see_nutrition(&self) -> bool {
        self.role != Role::Guest && self.permissions.view_nutrition
    }

    /// Whether they may read the ledger.
    pub fn may_list_entries(&self) -> Result<(), MemberError> {
        if self.may_see_wallet() { Ok(()) } else { Err(MemberError::RoleNotPermitted) }
    }

    /// Whether they run the plan.
    pub fn may_manage(&self) -> Result<(), MemberError> {
        if self.role == Role::Admin { Ok(()) } else { Err(MemberError::RoleNotPermitted) }
    }

    fn is_adult(&self) -> bool {
        matches!(self.role, Role::Admin | Role::Member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 4] = [Role::Admin, Role::Member, Role::Child, Role::Guest];

    fn all(role: Role) -> Standing {
        Standing { role, permissions: Permissions::default() }
    }

    #[test]
    fn nobody_offers_more_than_they_are() {
        let offers = |role| ROLES.map(|offered| all(role).may_offer(offered).is_ok());
        assert_eq!(offers(Role::Admin), [true, true, true, true]);
        assert_eq!(offers(Role::Member), [false, true, true, true]);
        assert_eq!(offers(Role::Child), [false; 4]);
        assert_eq!(offers(Role::Guest), [false; 4]);
    }

    #[test]
    fn who_is_limited_seats_nobody_who_is_not() {
        let limited = |permissions: Permissions| {
            let standing = Standing { role: Role::Admin, permissions };
            ROLES.map(|offered| standing.may_offer(offered).is_ok())
        };
        let limit = Some(BigDecimal::from(10));
        assert_eq!(limited(Permissions { daily_spend_limit: limit, ..Permissions::default() }), [false, false, true, true]);
        assert_eq!(limited(Permissions { spend: false, ..Permissions::default() }), [false, false, true, true]);
        assert_eq!(limited(Permissions { view_nutrition: false, ..Permissions::default() }), [false, false, false, true]);
        assert_eq!(limited(Permissions { invite: false, ..Permissions::default() }), [false; 4]);
    }

    #[test]
    fn permissions_take_away_and_never_add() {
        let may = |standing: Standing| [standing.may_spend(), standing.may_invite(), standing.may_see_nutrition()];
        assert_eq!(ROLES.map(|role| may(all(role))), [[true; 3], [true; 3], [false, false, true], [false; 3]]);
        for role in ROLES {
            assert_eq!(may(Standing { role, permissions: Permissions::CLOSED }), [false; 3], "{role:?}");
        }
    }

    #[test]
    fn what_settings_leave_out_is_permitted() {
        let parse = |text: &str| serde_json::from_str::<Permissions>(text).expect("permissions");
        assert_eq!(parse("{}"), Permissions::default());
        let limited = Permissions { daily_spend_limit: Some(BigDecimal::new(1250.into(), 2)), ..Permissions::default() };
        assert_eq!(parse(r#"{"daily_spend_limit": "12.50"}"#), limited);
        assert_eq!(parse(&serde_json::to_string(&limited).expect("text")), limited);
    }
}
