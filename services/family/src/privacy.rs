//! Export and erasure of what the slice stores about a user.

mod api;
mod erase;
mod export;
mod store;

use strum::{IntoStaticStr, VariantArray};
use uuid::Uuid;

pub use api::UserData;

use crate::plan::Plan;
use crate::rights::Role;

/// What happens to a plan whose holder is erased.
#[derive(Debug, PartialEq, Eq)]
pub enum Succession {
    /// An admin becomes the holder.
    Passes(Uuid),
    /// A member becomes an admin and the holder.
    Promotes(Uuid),
    /// No adult is left, so the plan closes.
    Closes,
}

impl Succession {
    /// Chooses the successor of `holder` from the active members, ordered by join time: the first admin, or else the first member.
    pub fn after(holder: Uuid, members: &[(Uuid, Role)]) -> Self {
        let first = |role: Role| members.iter().find(|(user, is)| *user != holder && *is == role).map(|(user, _)| *user);
        let admin = first(Role::Admin).map(Self::Passes);
        admin.or_else(|| first(Role::Member).map(Self::Promotes)).unwrap_or(Self::Closes)
    }
}

/// Returns the plan as closed, without a holder.
///
/// If no other member is left, the texts of the plan are those of the erased user alone, so only the money stays.
pub fn closed(plan: Plan, has_other_members: bool) -> Plan {
    let plan = Plan { is_active: false, primary_account_holder: None, proposed_holder: None, ..plan };
    if has_other_members {
        return plan;
    }
    Plan { family_name: "Closed".to_owned(), family_goals: None, coordination_preferences: None, ..plan }
}

/// A part of an export, in the order of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// The row of the user.
    Users,
    /// Plans that the user holds, pays for or is offered.
    FamilyPlans,
    /// Seats and former seats of the user.
    FamilyMembers,
    /// Children whose guardian the user is, by id.
    #[strum(serialize = "family_members")]
    Children,
    /// Whether the user is or was a child, or answers for one.
    #[strum(serialize = "children")]
    Protection,
    /// Invitations that the user received, accepted or created.
    FamilyInvitations,
    /// Entries in ledgers that name the user.
    WalletEntries,
    /// Holds for the user.
    WalletHolds,
    /// Intakes of the user.
    NutritionalIntake,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_is_the_first_admin_or_else_the_first_member() {
        let [holder, a, b, c] = [1, 2, 3, 4].map(Uuid::from_u128);
        let after = |members: &[(Uuid, Role)]| Succession::after(holder, members);
        let admins = [(holder, Role::Admin), (a, Role::Member), (b, Role::Admin), (c, Role::Admin)];
        assert_eq!(after(&admins), Succession::Passes(b));
        let members = [(a, Role::Child), (b, Role::Member), (holder, Role::Admin), (c, Role::Member)];
        assert_eq!(after(&members), Succession::Promotes(b));
        assert_eq!(after(&[(holder, Role::Admin), (a, Role::Child), (b, Role::Guest)]), Succession::Closes);
        assert_eq!(after(&[]), Succession::Closes);
    }

    #[test]
    fn a_closed_plan_keeps_its_name_while_it_has_members() {
        let plan = || Plan { family_name: "F".to_owned(), primary_account_holder: Some(Uuid::nil()), ..Plan::example() };
        let (kept, empty) = (closed(plan(), true), closed(plan(), false));
        assert_eq!((kept.is_active, kept.primary_account_holder, kept.family_name.as_str()), (false, None, "F"));
        assert_eq!((empty.is_active, empty.primary_account_holder, empty.family_name.as_str()), (false, None, "Closed"));
    }
}
