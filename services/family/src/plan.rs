//! Plans: a family under one roof and one purse.

mod api;
pub(crate) mod store;
pub(crate) mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use api::Api;

use crate::member::{Privacy, Role};
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

/// Seats of a new plan.
pub const STANDARD_SEATS: i32 = 6;

/// Why a plan refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not in use.
    #[error("the plan is not active")]
    Inactive,
    /// Every seat is taken.
    #[error("all {max_members} seats of the plan are taken")]
    Full {
        /// Its seats.
        max_members: i32,
    },
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
}

impl Plan {
    /// Whether the plan may be used.
    pub fn in_use(&self) -> Result<(), Refused> {
        if self.is_active { Ok(()) } else { Err(Refused::Inactive) }
    }

    /// Whether one more may join.
    pub fn admit(&self) -> Result<(), Refused> {
        self.in_use()?;
        if self.active_members < self.max_members { Ok(()) } else { Err(Refused::Full { max_members: self.max_members }) }
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
    /// As what.
    pub role: Role,
    /// Whether they have the seat now.
    pub is_active: bool,
    /// What others may see.
    pub privacy: Privacy,
}

/// How many members a plan has had, and which of the active ones let the viewer see what.
#[derive(Debug, PartialEq, Eq)]
pub struct Roster {
    /// What the viewer is in the plan.
    pub viewer: Role,
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
        let role = active().find(|seat| seat.user_id == viewer)?.role;
        let who = |shares: fn(&Privacy) -> bool| {
            active().filter(move |seat| seat.user_id == viewer || shares(&seat.privacy)).map(|seat| seat.user_id)
        };
        let nutrition = if role.may_see_wallet_and_nutrition() { who(|p| p.share_nutrition).collect() } else { Vec::new() };
        let challenges = who(|p| p.share_challenges).collect();
        Some(Self { viewer: role, total: seats.len(), active: active().count(), nutrition, challenges })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(active_members: i32, max_members: i32, is_active: bool) -> Plan {
        Plan {
            id: Uuid::nil(),
            family_name: String::new(),
            primary_account_holder: None,
            max_members,
            active_members,
            plan_type: PlanType::Standard,
            shared_wallet_balance: BigDecimal::from(0),
            wallet_sequence: 0,
            time_zone: Tz::America__New_York,
            is_active,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn seats() {
        assert_eq!(plan(5, 6, true).admit(), Ok(()));
        assert_eq!(plan(6, 6, true).admit(), Err(Refused::Full { max_members: 6 }));
        assert_eq!(plan(0, 6, false).admit(), Err(Refused::Inactive));
    }

    #[test]
    fn the_week_ends_today_where_the_family_lives() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("date");
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("time");
        // 03:59 UTC is still the day before in New York in summer, 04:00 is not.
        assert_eq!(plan(1, 6, true).week(at("2026-07-08T03:59:59Z")), (date("2026-07-01"), date("2026-07-07")));
        assert_eq!(plan(1, 6, true).week(at("2026-07-08T04:00:00Z")), (date("2026-07-02"), date("2026-07-08")));
    }

    #[test]
    fn who_shows_what() {
        let seat = |n: u128, role, is_active, share_nutrition, share_challenges| Seat {
            user_id: Uuid::from_u128(n),
            role,
            is_active,
            privacy: Privacy { share_nutrition, share_challenges, share_achievements: true },
        };
        let seats = [
            seat(1, Role::Member, true, false, false),
            seat(2, Role::Admin, true, true, true),
            seat(3, Role::Child, true, false, true),
            seat(4, Role::Admin, false, true, true),
            seat(5, Role::Guest, true, false, false),
        ];
        let ids = |ns: &[u128]| ns.iter().map(|n| Uuid::from_u128(*n)).collect::<Vec<_>>();
        let seen = |by: u128| Roster::seen_by(Uuid::from_u128(by), &seats);
        let roster = |viewer, nutrition, challenges| Some(Roster { viewer, total: 5, active: 4, nutrition, challenges });
        assert_eq!(seen(1), roster(Role::Member, ids(&[1, 2]), ids(&[1, 2, 3])));
        assert_eq!(seen(3), roster(Role::Child, ids(&[2, 3]), ids(&[2, 3])));
        assert_eq!(seen(5), roster(Role::Guest, ids(&[]), ids(&[2, 3, 5])));
        assert_eq!((seen(4), seen(6)), (None, None), "no seat, no view");
    }
}
