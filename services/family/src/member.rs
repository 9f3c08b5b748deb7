//! Members: who belongs to a plan, and what they may.

mod api;
pub(crate) mod seat;
mod standing;
pub(crate) mod store;
pub(crate) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;
pub use standing::{Permissions, Standing};

use crate::plan::Plan;

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
pub enum MemberError {
    /// The plan has no such member.
    #[error("no such member")]
    NotFound,
    /// The user has a seat, or is being offered one.
    #[error("the user is a member already, or has a pending invitation")]
    AlreadyMember,
    /// The role does not reach so far.
    #[error("the role of the caller in the plan does not allow this")]
    RoleNotPermitted,
    /// The holder stays, and stays an admin.
    #[error("the member holds the plan and must pass it on first")]
    HolderMustTransfer,
    /// Nobody is made a child.
    #[error("a user becomes a child only by accepting an invitation as one")]
    ConsentRequired,
    /// Has no seat until unbanned.
    #[error("the user is banned from the plan")]
    Banned,
}

impl Rule for MemberError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::MemberNotFound),
            Self::AlreadyMember => refuse(Code::AlreadyExists, ErrorReason::AlreadyMember),
            Self::RoleNotPermitted => refuse(Code::PermissionDenied, ErrorReason::RoleNotPermitted),
            Self::HolderMustTransfer => refuse(Code::FailedPrecondition, ErrorReason::HolderMustTransfer),
            Self::ConsentRequired => refuse(Code::FailedPrecondition, ErrorReason::ConsentRequired),
            Self::Banned => refuse(Code::FailedPrecondition, ErrorReason::MemberBanned),
        }
    }
}

/// What somebody would do in a plan, that another service asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// To spend.
    Spend,
    /// To invite.
    Invite,
    /// To see others' nutrition.
    ViewNutrition,
    /// To manage the plan and its members.
    Manage,
}

impl Standing {
    /// Whether they may do it.
    pub fn may(&self, permission: Permission) -> bool {
        match permission {
            Permission::Spend => self.may_spend(),
            Permission::Invite => self.may_invite(),
            Permission::ViewNutrition => self.may_see_nutrition(),
            Permission::Manage => self.may_manage().is_ok(),
        }
    }
}

/// Whether the user, who may have been a member, may be given a seat.
pub fn may_be_seated(member: Option<&Member>) -> Result<(), MemberError> {
    match member {
        Some(member) if member.is_active => Err(MemberError::AlreadyMember),
        Some(member) if member.banned_at.is_some() => Err(MemberError::Banned),
        Some(_) | None => Ok(()),
    }
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
    /// What they may.
    pub permissions: Permissions,
    /// Since when they are banned.
    pub banned_at: Option<DateTime<Utc>>,
    /// The adult who answers for a child that was added.
    pub guardian_user_id: Option<Uuid>,
    /// When that adult consented to keeping the child's data.
    pub consent_at: Option<DateTime<Utc>>,
}

impl Member {
    /// Whether they may be made what `role` says, by an admin.
    pub fn may_become(&self, role: Role, plan: &Plan) -> Result<(), MemberError> {
        if role != Role::Admin {
            self.may_go(plan)?;
        }
        if role == Role::Child && self.role != Role::Child { Err(MemberError::ConsentRequired) } else { Ok(()) }
    }

    /// Whether they may lose their seat.
    pub fn may_go(&self, plan: &Plan) -> Result<(), MemberError> {
        if plan.is_held_by(self.user_id) { Err(MemberError::HolderMustTransfer) } else { Ok(()) }
    }
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
    /// What they may.
    pub permissions: PermissionsPatch,
}

/// A change to permissions: what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionsPatch {
    /// To spend.
    pub spend: Option<bool>,
    /// The new limit, or none at all.
    pub daily_spend_limit: Option<Option<BigDecimal>>,
    /// To invite.
    pub invite: Option<bool>,
    /// To see others' nutrition.
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
    /// Changes `member` as far as `editor`, who stands in the plan like this, may.
    pub fn apply(self, member: Member, plan: &Plan, editor: Uuid, standing: &Standing) -> Result<Member, MemberError> {
        let (own, admin) = (editor == member.user_id, standing.role == Role::Admin);
        let privacy = self.share_nutrition.is_some() || self.share_challenges.is_some() || self.share_achievements.is_some();
        let permissions = self.permissions != PermissionsPatch::default();
        let may_name = own || admin;
        // Nobody takes from whoever holds the plan what they could not give back to themselves, and two who are limited free each other not.
        let may_permit = admin && standing.is_unlimited() && !own && !plan.is_held_by(member.user_id);
        if !may_name || (privacy && !own) || (permissions && !may_permit) {
            return Err(MemberError::RoleNotPermitted);
        }
        Ok(Member {
            display_name: self.display_name.unwrap_or(member.display_name),
            relationship: self.relationship.unwrap_or(member.relationship),
            privacy: Privacy {
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

    fn member(user_id: Uuid, role: Role) -> Member {
        Member {
            family_plan_id: Uuid::nil(),
            user_id,
            role,
            display_name: None,
            relationship: None,
            privacy: Privacy::default(),
            joined_at: DateTime::UNIX_EPOCH,
            is_active: true,
            permissions: Permissions::default(),
            banned_at: None,
            guardian_user_id: None,
            consent_at: None,
        }
    }

    fn held_by(holder: Uuid) -> Plan {
        Plan { primary_account_holder: Some(holder), ..Plan::example() }
    }

    #[test]
    fn absent_settings_are_the_defaults() {
        let parse = |text: &str| serde_json::from_str::<Privacy>(text).expect("privacy");
        assert_eq!(parse("{}"), Privacy::default());
        assert!(parse(r#"{"share_nutrition": true}"#).share_nutrition);
    }

    #[test]
    fn who_may_change_what() {
        let (holder, admin, other) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let plan = held_by(holder);
        let patches = [
            Patch { display_name: Some(Some("Bo".to_owned())), ..Patch::default() },
            Patch { share_nutrition: Some(true), ..Patch::default() },
            Patch { permissions: PermissionsPatch { spend: Some(false), ..PermissionsPatch::default() }, ..Patch::default() },
        ];
        let may = |editor: Uuid, role: Role, target: Uuid| {
            let standing = Standing { role, permissions: Permissions::default() };
            patches.clone().map(|patch| patch.apply(member(target, Role::Admin), &plan, editor, &standing).is_ok())
        };
        assert_eq!(may(other, Role::Child, other), [true, true, false], "oneself");
        assert_eq!(may(admin, Role::Admin, other), [true, false, true], "an admin");
        assert_eq!(may(admin, Role::Admin, admin), [true, true, false], "an admin's own");
        assert_eq!(may(admin, Role::Admin, holder), [true, false, false], "an admin, of the holder");
        assert_eq!(may(other, Role::Member, admin), [false; 3], "another member");
        let limited = Standing { role: Role::Admin, permissions: Permissions { spend: false, ..Permissions::default() } };
        let [rename, _, permit] = patches.map(|patch| patch.apply(member(other, Role::Admin), &plan, admin, &limited).is_ok());
        assert_eq!((rename, permit), (true, false), "an admin who is limited");
    }

    #[test]
    fn the_holder_stays_an_admin_and_nobody_becomes_a_child() {
        let (holder, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let plan = held_by(holder);
        let changed = |who: Uuid, from, to| member(who, from).may_become(to, &plan);
        for role in [Role::Member, Role::Child, Role::Guest] {
            assert_eq!(changed(holder, Role::Admin, role), Err(MemberError::HolderMustTransfer));
        }
        assert_eq!(changed(holder, Role::Admin, Role::Admin), Ok(()));
        assert_eq!(changed(other, Role::Guest, Role::Child), Err(MemberError::ConsentRequired));
        assert_eq!(changed(other, Role::Child, Role::Child), Ok(()));
        assert_eq!(changed(other, Role::Child, Role::Member), Ok(()));
        assert_eq!(member(holder, Role::Admin).may_go(&plan), Err(MemberError::HolderMustTransfer));
        assert_eq!(member(other, Role::Admin).may_go(&plan), Ok(()));
    }

    #[test]
    fn who_may_be_seated() {
        let gone = Member { is_active: false, ..member(Uuid::nil(), Role::Member) };
        let banned = Member { banned_at: Some(DateTime::UNIX_EPOCH), ..gone.clone() };
        assert_eq!(may_be_seated(None), Ok(()));
        assert_eq!(may_be_seated(Some(&gone)), Ok(()));
        assert_eq!(may_be_seated(Some(&banned)), Err(MemberError::Banned));
        assert_eq!(may_be_seated(Some(&member(Uuid::nil(), Role::Member))), Err(MemberError::AlreadyMember));
    }
}
