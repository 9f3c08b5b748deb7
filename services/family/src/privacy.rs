//! What the slice holds of a user: to be taken along, and to be erased.

mod api;
mod erase;
mod export;
mod store;

use strum::{IntoStaticStr, VariantArray};
use uuid::Uuid;

pub use api::Held;

use crate::member::Role;
use crate::plan::Plan;

/// What becomes of a plan whose holder is erased.
#[derive(Debug, PartialEq, Eq)]
pub enum Succession {
    /// An admin holds it.
    Passes(Uuid),
    /// A member is made an admin, and holds it.
    Promotes(Uuid),
    /// No adult is left.
    Closes,
}

impl Succession {
    /// Who of the active members, in the order in which they joined, takes over from `holder`.
    pub fn from(holder: Uuid, members: &[(Uuid, Role)]) -> Self {
        let first = |role: Role| members.iter().find(|(user, is)| *user != holder && *is == role).map(|(user, _)| *user);
        let admin = first(Role::Admin).map(Self::Passes);
        admin.or_else(|| first(Role::Member).map(Self::Promotes)).unwrap_or(Self::Closes)
    }
}

/// A plan that nobody holds any more. When nobody is `left` in it, it keeps nothing but its money: what a family of one calls itself, and
/// where it lives, is that one's.
pub fn closed(plan: Plan, left: bool) -> Plan {
    let plan = Plan { is_active: false, primary_account_holder: None, proposed_holder: None, ..plan };
    if left {
        return plan;
    }
    Plan { family_name: "Closed".to_owned(), family_goals: None, coordination_preferences: None, ..plan }
}

/// What an export is made of, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// Their place on the roll.
    Users,
    /// Plans that they hold, pay for or are offered, by name.
    FamilyPlans,
    /// Their places in plans.
    FamilyMembers,
    /// The children for whom they answer, by id.
    #[strum(serialize = "family_members")]
    Children,
    /// Invitations for them and by them.
    FamilyInvitations,
    /// Lines that they wrote.
    WalletEntries,
    /// What is or was held for them.
    WalletHolds,
    /// What they ate.
    NutritionalIntake,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_goes_to_who_joined_first_of_those_who_can_hold_it() {
        let [holder, a, b, c] = [1, 2, 3, 4].map(Uuid::from_u128);
        let heir = |members: &[(Uuid, Role)]| Succession::from(holder, members);
        assert_eq!(heir(&[(holder, Role::Admin), (a, Role::Member), (b, Role::Admin), (c, Role::Admin)]), Succession::Passes(b));
        assert_eq!(
            heir(&[(a, Role::Child), (b, Role::Member), (holder, Role::Admin), (c, Role::Member)]),
            Succession::Promotes(b)
        );
        assert_eq!(heir(&[(holder, Role::Admin), (a, Role::Child), (b, Role::Guest)]), Succession::Closes);
        assert_eq!(heir(&[]), Succession::Closes);
    }

    #[test]
    fn a_family_that_is_left_keeps_its_name() {
        let plan = || Plan { family_name: "F".to_owned(), primary_account_holder: Some(Uuid::nil()), ..Plan::example() };
        let (kept, empty) = (closed(plan(), true), closed(plan(), false));
        assert_eq!((kept.is_active, kept.primary_account_holder, kept.family_name.as_str()), (false, None, "F"));
        assert_eq!((empty.is_active, empty.primary_account_holder, empty.family_name.as_str()), (false, None, "Closed"));
    }
}
