//! Members: who belongs to a plan, and what they may.

mod api;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

/// What a member is in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Runs the plan.
    Admin,
    /// An adult who shares the wallet.
    Member,
    /// Takes part, does not spend.
    Child,
    /// Sees the name and who is in it.
    Guest,
}

/// Why a rule of members refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The user has a seat, or is being offered one.
    #[error("the user is a member already, or has a pending invitation")]
    AlreadyMember,
    /// The role does not reach so far.
    #[error("the role of the caller in the plan does not allow this")]
    RoleNotPermitted,
}

impl Role {
    /// Whether this role may offer a seat with the role `offered`: nobody raises another above themselves.
    pub fn may_offer(self, offered: Self) -> Result<(), Refused> {
        let permitted = match self {
            Self::Admin => true,
            Self::Member => offered != Self::Admin,
            Self::Child | Self::Guest => false,
        };
        if permitted { Ok(()) } else { Err(Refused::RoleNotPermitted) }
    }

    /// Whether this role may take money out of the wallet.
    pub fn may_spend(self) -> bool {
        matches!(self, Self::Admin | Self::Member)
    }

    /// Whether this role may see the wallet and others' nutrition.
    pub fn may_see_wallet_and_nutrition(self) -> bool {
        self != Self::Guest
    }

    /// Whether this role may read the ledger.
    pub fn may_list_entries(self) -> Result<(), Refused> {
        if self.may_see_wallet_and_nutrition() { Ok(()) } else { Err(Refused::RoleNotPermitted) }
    }
}

/// Whether the user, who may have been a member, has no seat now.
pub fn not_seated(member: Option<&Member>) -> Result<(), Refused> {
    if member.is_some_and(|member| member.is_active) { Err(Refused::AlreadyMember) } else { Ok(()) }
}

/// What the other members may see of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privacy {
    /// Intake counts in averages that others see.
    pub share_nutrition: bool,
    /// Challenges count in what others see.
    pub share_challenges: bool,
    /// Achievements are shown to others.
    pub share_achievements: bool,
}

impl Privacy {
    /// Nothing is shared.
    pub const CLOSED: Self = Self { share_nutrition: false, share_challenges: false, share_achievements: false };
}

impl Default for Privacy {
    fn default() -> Self {
        Self { share_nutrition: false, share_challenges: true, share_achievements: true }
    }
}

/// A user's place in a plan.
#[derive(Debug, Clone)]
pub struct Member {
    /// The plan.
    pub family_plan_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// What they are in it.
    pub role: Role,
    /// What the family calls them.
    pub display_name: Option<String>,
    /// Such as `parent`.
    pub relationship: Option<String>,
    /// What others may see.
    pub privacy: Privacy,
    /// When they joined, or last rejoined.
    pub joined_at: DateTime<Utc>,
    /// Whether they have a seat now.
    pub is_active: bool,
}

/// A change to a member: what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// The new name, or none at all.
    pub display_name: Option<Option<String>>,
    /// The new relationship, or none at all.
    pub relationship: Option<Option<String>>,
    /// Whether nutrition is shared.
    pub share_nutrition: Option<bool>,
    /// Whether challenges are shared.
    pub share_challenges: Option<bool>,
    /// Whether achievements are shared.
    pub share_achievements: Option<bool>,
}

impl Patch {
    /// Changes `member` as far as `editor`, who has this role in the plan, may.
    pub fn apply(self, member: Member, editor: Uuid, role: Role) -> Result<Member, Refused> {
        let own = editor == member.user_id;
        let privacy = self.share_nutrition.is_some() || self.share_challenges.is_some() || self.share_achievements.is_some();
        if !own && (privacy || role != Role::Admin) {
            return Err(Refused::RoleNotPermitted);
        }
        Ok(Member {
            display_name: self.display_name.unwrap_or(member.display_name),
            relationship: self.relationship.unwrap_or(member.relationship),
            privacy: Privacy {
                share_nutrition: self.share_nutrition.unwrap_or(member.privacy.share_nutrition),
                share_challenges: self.share_challenges.unwrap_or(member.privacy.share_challenges),
                share_achievements: self.share_achievements.unwrap_or(member.privacy.share_achievements),
            },
            ..member
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 4] = [Role::Admin, Role::Member, Role::Child, Role::Guest];

    #[test]
    fn nobody_offers_more_than_they_are() {
        let offers = |role: Role| ROLES.map(|offered| role.may_offer(offered).is_ok());
        assert_eq!(offers(Role::Admin), [true, true, true, true]);
        assert_eq!(offers(Role::Member), [false, true, true, true]);
        assert_eq!(offers(Role::Child), [false; 4]);
        assert_eq!(offers(Role::Guest), [false; 4]);
    }

    #[test]
    fn absent_settings_are_the_defaults() {
        let parse = |text: &str| serde_json::from_str::<Privacy>(text).expect("privacy");
        assert_eq!(parse("{}"), Privacy::default());
        assert!(parse(r#"{"share_nutrition": true}"#).share_nutrition);
    }

    #[test]
    fn privacy_is_ones_own() {
        let member = |user_id| Member {
            family_plan_id: Uuid::nil(),
            user_id,
            role: Role::Member,
            display_name: None,
            relationship: None,
            privacy: Privacy::default(),
            joined_at: DateTime::UNIX_EPOCH,
            is_active: true,
        };
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let share = Patch { share_nutrition: Some(true), ..Patch::default() };
        let rename = Patch { display_name: Some(Some("Bo".to_owned())), ..Patch::default() };
        assert!(share.clone().apply(member(me), me, Role::Child).expect("own").privacy.share_nutrition);
        assert_eq!(share.apply(member(other), me, Role::Admin).err(), Some(Refused::RoleNotPermitted));
        assert!(rename.clone().apply(member(other), me, Role::Admin).is_ok());
        assert_eq!(rename.apply(member(other), me, Role::Member).err(), Some(Refused::RoleNotPermitted));
    }
}
