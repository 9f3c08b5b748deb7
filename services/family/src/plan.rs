//! Plans: families that share seats and a wallet.

mod api;
mod calendar;
mod changes;
pub(crate) mod events;
mod patch;
mod preferences;
mod roster;
pub(crate) mod store;
mod wire;

use std::sync::LazyLock;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::{Refusal, Zone};
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use patch::Patch;
pub use preferences::{CoordinationPreferences, DayOfWeek, DeliveryWindow, FamilyGoals};
pub use roster::{Roster, Seat};

use crate::rights::{Rights, RightsError, Role};

/// Maximum of a wallet's balance, and of any amount: 99,999,999.99.
pub static MAX_AMOUNT: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(9_999_999_999_i64.into(), 2));

/// The type that a plan was bought as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PlanType {
    /// Up to 6 seats.
    Standard,
    /// Up to 10 seats.
    Premium,
    /// Up to 100 seats, as agreed with billing.
    Custom,
}

impl PlanType {
    /// Returns the maximum number of seats.
    pub fn max_seats(self) -> i32 {
        match self {
            Self::Standard => 6,
            Self::Premium => 10,
            Self::Custom => 100,
        }
    }
}

/// Why a rule of plans refuses a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The plan does not exist, or the caller may not know of it.
    #[error("no such plan")]
    NotFound,
    #[error("the plan is not active")]
    Inactive,
    #[error("all {max_members} seats of the plan are taken")]
    Full {
        /// The number of seats.
        max_members: i32,
    },
    /// More seats are taken than the plan would have.
    #[error("{active_members} seats of the plan are taken")]
    SeatsTaken {
        /// The number of seats taken.
        active_members: i32,
    },
    /// An admin tries to raise the number of seats.
    #[error("seats are bought; an admin can only lower their number")]
    SeatsAreBought,
    /// An admin with a daily spend limit tries to move the start of the day.
    #[error("an admin with a daily spend limit cannot change the time zone")]
    DayIsLimited,
    #[error("the plan can be offered to an active admin only")]
    NotAnAdmin,
    #[error("the plan is not offered to the caller")]
    NotOffered,
}

impl Rule for PlanError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::PlanNotFound),
            Self::Inactive => refuse(Code::FailedPrecondition, ErrorReason::PlanInactive),
            Self::Full { max_members } => {
                refuse(Code::FailedPrecondition, ErrorReason::PlanFull).with("max_members", max_members)
            }
            Self::SeatsTaken { active_members } => {
                refuse(Code::FailedPrecondition, ErrorReason::SeatsTaken).with("active_members", active_members)
            }
            Self::SeatsAreBought => refuse(Code::PermissionDenied, ErrorReason::SeatsAreBought),
            Self::DayIsLimited => refuse(Code::PermissionDenied, ErrorReason::RoleNotPermitted),
            Self::NotAnAdmin => refuse(Code::FailedPrecondition, ErrorReason::NotAnAdmin),
            Self::NotOffered => refuse(Code::FailedPrecondition, ErrorReason::PlanNotOffered),
        }
    }
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    pub id: Uuid,
    pub family_name: String,
    /// The user who holds the plan; `None` only when the plan is inactive.
    pub primary_account_holder: Option<Uuid>,
    /// Number of seats.
    pub max_members: i32,
    /// Number of seats taken.
    pub active_members: i32,
    /// The type that the plan was bought as.
    pub plan_type: PlanType,
    /// Balance of the wallet, money on hold included.
    pub shared_wallet_balance: BigDecimal,
    /// Part of the balance that is held for services.
    pub wallet_held: BigDecimal,
    /// Sequence of the last entry in the ledger.
    pub wallet_sequence: i64,
    /// Time zone in which the plan's days begin.
    pub time_zone: Zone,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The member who pays for the plan itself; `None` when the holder does.
    pub billing_account: Option<Uuid>,
    pub family_goals: Option<FamilyGoals>,
    /// How the family prefers deliveries.
    pub coordination_preferences: Option<CoordinationPreferences>,
    /// The admin to whom the holder has offered the plan.
    pub proposed_holder: Option<Uuid>,
}

impl Plan {
    /// Checks that the plan is active.
    pub fn check_active(&self) -> Result<(), PlanError> {
        if self.is_active { Ok(()) } else { Err(PlanError::Inactive) }
    }

    /// Checks that another user may take a seat.
    pub fn admit(&self) -> Result<(), PlanError> {
        self.check_active()?;
        if self.active_members < self.max_members { Ok(()) } else { Err(PlanError::Full { max_members: self.max_members }) }
    }

    /// Returns `seats`, unless more are taken.
    pub fn fits(&self, seats: i32) -> Result<i32, PlanError> {
        if self.active_members <= seats { Ok(seats) } else { Err(PlanError::SeatsTaken { active_members: self.active_members }) }
    }

    /// Returns whether the user holds the plan.
    pub fn is_held_by(&self, user: Uuid) -> bool {
        self.primary_account_holder == Some(user)
    }

    /// Checks that a member of the plan holds it.
    pub fn check_holder(&self, member: Uuid) -> Result<(), RightsError> {
        RightsError::unless(self.is_held_by(member))
    }

    /// Checks that the plan may be offered to an active member with these rights.
    pub fn may_be_offered_to(&self, member: Uuid, rights: &Rights) -> Result<(), PlanError> {
        self.check_active()?;
        let fit = rights.role == Role::Admin && !self.is_held_by(member);
        if fit { Ok(()) } else { Err(PlanError::NotAnAdmin) }
    }

    /// Checks that an active member with these rights may accept the plan.
    pub fn may_be_accepted_by(&self, member: Uuid, rights: &Rights) -> Result<(), PlanError> {
        self.check_active()?;
        let offered = self.proposed_holder == Some(member) && rights.role == Role::Admin;
        if offered { Ok(()) } else { Err(PlanError::NotOffered) }
    }
}

#[cfg(test)]
impl Plan {
    /// Returns a plan for tests.
    pub(crate) fn example() -> Self {
        Self {
            id: Uuid::nil(),
            family_name: String::new(),
            primary_account_holder: None,
            max_members: 6,
            active_members: 1,
            plan_type: PlanType::Standard,
            shared_wallet_balance: BigDecimal::from(0),
            wallet_held: BigDecimal::from(0),
            wallet_sequence: 0,
            time_zone: Zone::default(),
            is_active: true,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            billing_account: None,
            family_goals: None,
            coordination_preferences: None,
            proposed_holder: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::Permissions;

    fn rights(role: Role) -> Rights {
        Rights { role, permissions: Permissions::default() }
    }

    #[test]
    fn only_an_active_plan_with_a_free_seat_admits() {
        let admit = |active_members, is_active| Plan { active_members, is_active, ..Plan::example() }.admit();
        assert_eq!(admit(5, true), Ok(()));
        assert_eq!(admit(6, true), Err(PlanError::Full { max_members: 6 }));
        assert_eq!(admit(0, false), Err(PlanError::Inactive));
    }

    #[test]
    fn only_the_admin_to_whom_a_plan_was_offered_may_accept_it() {
        let (holder, admin) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let offered = Plan { primary_account_holder: Some(holder), proposed_holder: Some(admin), ..Plan::example() };
        assert_eq!(offered.may_be_accepted_by(admin, &rights(Role::Admin)), Ok(()));
        assert_eq!(offered.may_be_accepted_by(admin, &rights(Role::Member)), Err(PlanError::NotOffered), "since demoted");
        assert_eq!(offered.may_be_accepted_by(holder, &rights(Role::Admin)), Err(PlanError::NotOffered));
        let inactive = Plan { is_active: false, ..offered };
        assert_eq!(inactive.may_be_accepted_by(admin, &rights(Role::Admin)), Err(PlanError::Inactive));
    }
}
