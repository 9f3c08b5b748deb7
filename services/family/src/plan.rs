//! Plans: a family under one roof and one purse.

mod api;
mod preferences;
mod preferences_wire;
pub(crate) mod store;
pub(crate) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use orchard_db::Rule;
use orchard_proto::family::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;
pub use preferences::{CoordinationPreferences, DayOfWeek, DeliveryWindow, FamilyGoals};

use crate::member::{self, Member, Privacy, Role, Standing};
use crate::nutrition::week_ending;

/// What a plan was bought as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PlanType {
    /// Up to 6 members.
    Standard,
    /// Up to 10 members.
    Premium,
    /// A cap of its own.
    Custom,
}

impl PlanType {
    /// Seats at most.
    pub fn seats(self) -> i32 {
        match self {
            Self::Standard => 6,
            Self::Premium => 10,
            Self::Custom => 100,
        }
    }
}

/// Why a plan refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The caller knows of no such plan.
    #[error("no such plan")]
    NotFound,
    /// It is not in use.
    #[error("the plan is not active")]
    Inactive,
    /// Every seat is taken.
    #[error("all {max_members} seats of the plan are taken")]
    Full {
        /// Its seats.
        max_members: i32,
    },
    /// Those who have seats keep them.
    #[error("{active_members} seats of the plan are taken")]
    SeatsTaken {
        /// How many.
        active_members: i32,
    },
    /// More seats are for billing to give.
    #[error("seats are bought; an admin can only lower their number")]
    SeatsAreBought,
    /// Who is limited by the day does not move it.
    #[error("who has a daily limit cannot change when days begin")]
    DayIsLimited,
    /// It goes to an active admin only.
    #[error("the plan can be offered to an active admin only")]
    NotAnAdmin,
    /// It does not go to who was not asked.
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
            Self::DayIsLimited => refuse(Code::PermissionDenied, ErrorReason::RoleNotPermitted),
            Self::SeatsAreBought => refuse(Code::PermissionDenied, ErrorReason::SeatsAreBought),
            Self::NotAnAdmin => refuse(Code::FailedPrecondition, ErrorReason::NotAnAdmin),
            Self::NotOffered => refuse(Code::FailedPrecondition, ErrorReason::PlanNotOffered),
        }
    }
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its id.
    pub id: Uuid,
    /// What the family calls itself.
    pub family_name: String,
    /// Who holds it; nobody only when it is closed.
    pub primary_account_holder: Option<Uuid>,
    /// Seats.
    pub max_members: i32,
    /// Seats that are taken.
    pub active_members: i32,
    /// What it was bought as.
    pub plan_type: PlanType,
    /// Money in the wallet.
    pub shared_wallet_balance: BigDecimal,
    /// What of it is held for services.
    pub wallet_held: BigDecimal,
    /// Position of the ledger's last line.
    pub wallet_sequence: i64,
    /// Where its days begin.
    pub time_zone: Tz,
    /// Whether it is in use.
    pub is_active: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Who pays for it, if not the holder.
    pub billing_account: Option<Uuid>,
    /// What the family wants to reach.
    pub family_goals: Option<FamilyGoals>,
    /// How it wants to be delivered to.
    pub coordination_preferences: Option<CoordinationPreferences>,
    /// The admin to whom the holder has offered it.
    pub proposed_holder: Option<Uuid>,
}

/// A change to a plan: what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// The new name.
    pub family_name: Option<String>,
    /// The new zone.
    pub time_zone: Option<Tz>,
    /// Seats from now on.
    pub max_members: Option<i32>,
    /// Who pays, or the holder.
    pub billing_account: Option<Option<Uuid>>,
    /// Goals, or none.
    pub family_goals: Option<Option<FamilyGoals>>,
    /// Preferences, or none.
    pub coordination_preferences: Option<Option<CoordinationPreferences>>,
}

impl Patch {
    /// Changes `plan` for an admin of it.
    pub fn apply(self, plan: Plan, standing: &Standing) -> Result<Plan, PlanError> {
        plan.in_use()?;
        if self.time_zone.is_some() && standing.permissions.daily_spend_limit.is_some() {
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

impl Plan {
    /// Whether the plan may be used.
    pub fn in_use(&self) -> Result<(), PlanError> {
        if self.is_active { Ok(()) } else { Err(PlanError::Inactive) }
    }

    /// Whether one more may join.
    pub fn admit(&self) -> Result<(), PlanError> {
        self.in_use()?;
        if self.active_members < self.max_members { Ok(()) } else { Err(PlanError::Full { max_members: self.max_members }) }
    }

    /// So many seats, if those that are taken are among them.
    pub fn fits(&self, seats: i32) -> Result<i32, PlanError> {
        if self.active_members <= seats { Ok(seats) } else { Err(PlanError::SeatsTaken { active_members: self.active_members }) }
    }

    /// Whether the user holds it.
    pub fn is_held_by(&self, user: Uuid) -> bool {
        self.primary_account_holder == Some(user)
    }

    /// Whether the user, who belongs to it, may do what its holder alone does.
    pub fn held_by(&self, user: Uuid) -> Result<(), member::MemberError> {
        if self.is_held_by(user) { Ok(()) } else { Err(member::MemberError::RoleNotPermitted) }
    }

    /// Whether `member` may be offered it.
    pub fn may_be_offered_to(&self, member: &Member) -> Result<(), PlanError> {
        self.in_use()?;
        let fit = member.is_active && member.role == Role::Admin && !self.is_held_by(member.user_id);
        if fit { Ok(()) } else { Err(PlanError::NotAnAdmin) }
    }

    /// Whether the user, who stands in it like this, may take it over.
    pub fn may_be_accepted_by(&self, user: Uuid, standing: &Standing) -> Result<(), PlanError> {
        self.in_use()?;
        let offered = self.proposed_holder == Some(user) && standing.role == Role::Admin;
        if offered { Ok(()) } else { Err(PlanError::NotOffered) }
    }

    /// The instants between which it is the same date as now, where the family lives.
    pub fn day(&self, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let today = now.with_timezone(&self.time_zone).date_naive();
        (self.begin(today), self.begin(today + TimeDelta::days(1)))
    }

    /// The first instant of a date. Where clocks are put forward at midnight there is none at 00:00, and Apia has left out a whole day.
    fn begin(&self, date: NaiveDate) -> DateTime<Utc> {
        let quarters = (0..=96).map(|quarter| date.and_time(NaiveTime::MIN) + TimeDelta::minutes(15 * quarter));
        let mut instants = quarters.filter_map(|time| self.time_zone.from_local_datetime(&time).earliest());
        instants.next().map_or_else(|| date.and_time(NaiveTime::MIN).and_utc(), |instant| instant.to_utc())
    }

    /// First and last of the 7 dates that end today where the family lives.
    pub fn week(&self, now: DateTime<Utc>) -> (NaiveDate, NaiveDate) {
        week_ending(now.with_timezone(&self.time_zone).date_naive())
    }
}

/// What a summary needs to know of a member.
#[derive(Debug, Clone)]
pub struct Seat {
    /// Who.
    pub user_id: Uuid,
    /// What they are, and may.
    pub standing: Standing,
    /// Whether they have the seat now.
    pub is_active: bool,
    /// What others may see.
    pub privacy: Privacy,
}

/// How many members a plan has had, and which of the active ones let the viewer see what.
#[derive(Debug, PartialEq, Eq)]
pub struct Roster {
    /// What the viewer is in the plan, and may.
    pub viewer: Standing,
    /// Members of all times.
    pub total: usize,
    /// Those with a seat now.
    pub active: usize,
    /// Active members whose nutrition the viewer may see, the viewer included; none for a role that may not see it.
    pub nutrition: Vec<Uuid>,
    /// Active members whose challenges the viewer may see, the viewer included.
    pub challenges: Vec<Uuid>,
}

impl Roster {
    /// The roster of `seats` in the eyes of one who has one of them now; nobody else sees it.
    pub fn seen_by(viewer: Uuid, seats: &[Seat]) -> Option<Self> {
        let active = || seats.iter().filter(|seat| seat.is_active);
        let standing = active().find(|seat| seat.user_id == viewer)?.standing.clone();
        let who = |shares: fn(&Privacy) -> bool| {
            active().filter(move |seat| seat.user_id == viewer || shares(&seat.privacy)).map(|seat| seat.user_id)
        };
        let nutrition = if standing.may_see_nutrition() { who(|p| p.share_nutrition).collect() } else { Vec::new() };
        let challenges = who(|p| p.share_challenges).collect();
        Some(Self { viewer: standing, total: seats.len(), active: active().count(), nutrition, challenges })
    }
}

#[cfg(test)]
impl Plan {
    /// A plan like any.
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
            time_zone: Tz::UTC,
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
mod tests;
