//! What the slice holds of a user: to be taken along, and to be erased.

mod api;
mod erase;
mod export;
mod store;
mod wire;

use strum::IntoStaticStr;
use uuid::Uuid;

pub use api::Api;

use crate::member::Role;
use crate::plan::Plan;

/// Why privacy refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else is named.
    #[error("users are told what is held of themselves only")]
    NotOneself,
}

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

/// What was erased, by table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt(Vec<Erased>);

/// How much of a table was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The table.
    pub table: &'static str,
    /// Rows that are gone.
    pub deleted: usize,
    /// Rows that name a pseudonym.
    pub pseudonymised: usize,
}

impl Receipt {
    /// Adds what was erased of a table, if it was anything.
    pub fn add(&mut self, table: &'static str, deleted: usize, pseudonymised: usize) {
        if deleted + pseudonymised > 0 {
            self.0.push(Erased { table, deleted, pseudonymised });
        }
    }
}

/// What an export is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
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

const PARTS: &[Part] = &[
    Part::Users,
    Part::FamilyPlans,
    Part::FamilyMembers,
    Part::Children,
    Part::FamilyInvitations,
    Part::WalletEntries,
    Part::WalletHolds,
    Part::NutritionalIntake,
];

/// Rows that are read at once: so many, and no more, are in memory.
pub const PAGE: usize = 200;

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The part.
    pub part: Part,
    /// The last row that was read of it.
    pub after: Option<Uuid>,
}

impl Place {
    /// The beginning.
    pub const START: Self = Self { part: Part::Users, after: None };

    /// What comes behind so many rows, the last of which has this id; nothing at the end.
    pub fn next(self, rows: usize, last: Option<Uuid>) -> Option<Self> {
        if rows == PAGE {
            return Some(Self { after: last, ..self });
        }
        let later = PARTS.iter().skip_while(|part| **part != self.part).nth(1);
        later.map(|part| Self { part: *part, after: None })
    }
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

    #[test]
    fn an_export_goes_through_every_part_to_its_end() {
        let (mut place, mut parts) = (Some(Place::START), Vec::new());
        while let Some(here) = place {
            parts.push(here.part);
            let last = Some(Uuid::from_u128(7));
            assert_eq!(here.next(PAGE, last), Some(Place { after: last, ..here }), "a full page may not be the last");
            place = here.next(PAGE - 1, last);
        }
        assert_eq!(parts, PARTS);
    }
}
