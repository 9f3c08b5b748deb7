//! Changes that admins make to a plan.

use orchard_rpc::Zone;
use uuid::Uuid;

use super::{CoordinationPreferences, FamilyGoals, Plan, PlanError};
use crate::rights::Rights;

/// A change to a plan. A field that is `None` keeps its value.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub family_name: Option<String>,
    pub time_zone: Option<Zone>,
    /// The new number of seats.
    pub max_members: Option<i32>,
    /// The member who pays; `Some(None)` for the holder.
    pub billing_account: Option<Option<Uuid>>,
    /// The new goals; `Some(None)` removes them.
    pub family_goals: Option<Option<FamilyGoals>>,
    /// The new preferences; `Some(None)` removes them.
    pub coordination_preferences: Option<Option<CoordinationPreferences>>,
}

impl Patch {
    /// Applies the change that an admin with these rights makes.
    ///
    /// An admin with a daily spend limit could reset it by moving the start of the day, so they keep the time zone.
    pub fn apply(self, plan: Plan, rights: &Rights) -> Result<Plan, PlanError> {
        plan.check_active()?;
        if self.time_zone.is_some() && rights.permissions.daily_spend_limit.is_some() {
            return Err(PlanError::DayIsLimited);
        }
        if self.max_members.is_some_and(|seats| seats > plan.max_members) {
            return Err(PlanError::SeatsAreBought);
        }
        let max_members = plan.fits(self.max_members.unwrap_or(plan.max_members))?;
        Ok(Plan {
            family_name: self.family_name.unwrap_or(plan.family_name),
            time_zone: self.time_zone.unwrap_or(plan.time_zone),
            max_members,
            billing_account: self.billing_account.unwrap_or(plan.billing_account),
            family_goals: self.family_goals.unwrap_or(plan.family_goals),
            coordination_preferences: self.coordination_preferences.unwrap_or(plan.coordination_preferences),
            ..plan
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::{Permissions, Role};
    use bigdecimal::BigDecimal;

    fn admin(daily_spend_limit: Option<BigDecimal>) -> Rights {
        Rights { role: Role::Admin, permissions: Permissions { daily_spend_limit, ..Permissions::default() } }
    }

    #[test]
    fn admins_lower_the_number_of_seats_to_no_less_than_are_taken() {
        let plan = || Plan { active_members: 3, max_members: 5, ..Plan::example() };
        let change = |seats| Patch { max_members: Some(seats), ..Patch::default() }.apply(plan(), &admin(None));
        assert_eq!(change(3).map(|plan| plan.max_members), Ok(3));
        assert_eq!(change(5).map(|plan| plan.max_members), Ok(5));
        assert_eq!(change(2).err(), Some(PlanError::SeatsTaken { active_members: 3 }));
        assert_eq!(change(6).err(), Some(PlanError::SeatsAreBought));
    }

    #[test]
    fn an_inactive_plan_is_not_changed() {
        let plan = Plan { is_active: false, ..Plan::example() };
        assert_eq!(Patch::default().apply(plan, &admin(None)).err(), Some(PlanError::Inactive));
    }

    #[test]
    fn an_admin_with_a_daily_limit_keeps_the_time_zone() {
        let change = |rights: Rights| {
            let patch = Patch { time_zone: Zone::named("Pacific/Apia"), ..Patch::default() };
            patch.apply(Plan::example(), &rights).err()
        };
        assert_eq!(change(admin(Some(BigDecimal::from(10)))), Some(PlanError::DayIsLimited));
        assert_eq!(change(admin(None)), None);
    }
}
