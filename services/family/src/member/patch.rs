//! Changes that members and admins make to a member.

use bigdecimal::BigDecimal;
use uuid::Uuid;

use super::Member;
use crate::plan::Plan;
use crate::rights::{Permissions, PrivacySettings, Rights, RightsError, Role};

/// A change to a member. A field that is `None` keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// The new name; `Some(None)` removes it.
    pub display_name: Option<Option<String>>,
    /// The new relationship; `Some(None)` removes it.
    pub relationship: Option<Option<String>>,
    pub share_nutrition: Option<bool>,
    pub share_challenges: Option<bool>,
    pub share_achievements: Option<bool>,
    pub permissions: PermissionsPatch,
}

/// A change to permissions. A field that is `None` keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionsPatch {
    /// Whether the member may spend.
    pub spend: Option<bool>,
    /// The new limit; `Some(None)` removes it.
    pub daily_spend_limit: Option<Option<BigDecimal>>,
    /// Whether the member may invite users.
    pub invite: Option<bool>,
    /// Whether the member may see the nutrition of others.
    pub view_nutrition: Option<bool>,
}

impl PermissionsPatch {
    fn apply(self, permissions: Permissions) -> Permissions {
        Permissions {
            spend: self.spend.unwrap_or(permissions.spend),
            daily_spend_limit: self.daily_spend_limit.unwrap_or(permissions.daily_spend_limit),
            invite: self.invite.unwrap_or(permissions.invite),
            view_nutrition: self.view_nutrition.unwrap_or(permissions.view_nutrition),
        }
    }
}

impl Patch {
    /// Applies the change that `editor`, who has these rights, makes.
    ///
    /// Nobody restricts the holder, who could not lift the restriction. A restricted admin changes no permissions, because two of them
    /// could lift each other's restrictions.
    pub fn apply(self, member: Member, plan: &Plan, editor: Uuid, rights: &Rights) -> Result<Member, RightsError> {
        let (own, admin) = (editor == member.user_id, rights.role == Role::Admin);
        let privacy = self.share_nutrition.is_some() || self.share_challenges.is_some() || self.share_achievements.is_some();
        let permissions = self.permissions != PermissionsPatch::default();
        let may_permit = admin && rights.is_unrestricted() && !own && !plan.is_held_by(member.user_id);
        RightsError::unless((own || admin && !privacy) && (may_permit || !permissions))?;
        Ok(Member {
            display_name: self.display_name.unwrap_or(member.display_name),
            relationship: self.relationship.unwrap_or(member.relationship),
            privacy: PrivacySettings {
                share_nutrition: self.share_nutrition.unwrap_or(member.privacy.share_nutrition),
                share_challenges: self.share_challenges.unwrap_or(member.privacy.share_challenges),
                share_achievements: self.share_achievements.unwrap_or(member.privacy.share_achievements),
            },
            permissions: self.permissions.apply(member.permissions),
            ..member
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_change_their_privacy_and_unrestricted_admins_change_permissions() {
        let (holder, admin, other) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let plan = Plan { primary_account_holder: Some(holder), ..Plan::example() };
        // A name, a privacy setting and a permission.
        let patches = [
            Patch { display_name: Some(Some("Bo".to_owned())), ..Patch::default() },
            Patch { share_nutrition: Some(true), ..Patch::default() },
            Patch { permissions: PermissionsPatch { spend: Some(false), ..PermissionsPatch::default() }, ..Patch::default() },
        ];
        let may = |editor: Uuid, role: Role, permissions: Permissions, target: Uuid| {
            let rights = Rights { role, permissions };
            patches.clone().map(|patch| patch.apply(Member::example(target, Role::Admin), &plan, editor, &rights).is_ok())
        };
        let all = Permissions::default;
        assert_eq!(may(other, Role::Child, all(), other), [true, true, false], "themselves");
        assert_eq!(may(admin, Role::Admin, all(), other), [true, false, true], "an admin, another member");
        assert_eq!(may(admin, Role::Admin, all(), admin), [true, true, false], "an admin, themselves");
        assert_eq!(may(admin, Role::Admin, all(), holder), [true, false, false], "an admin, the holder");
        assert_eq!(may(other, Role::Member, all(), admin), [false; 3], "a member, another member");
        let restricted = Permissions { spend: false, ..Permissions::default() };
        assert_eq!(may(admin, Role::Admin, restricted, other), [true, false, false], "a restricted admin, another member");
    }
}
