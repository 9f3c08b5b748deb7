//! The members of a plan, as a summary counts them.

use uuid::Uuid;

use crate::rights::{PrivacySettings, Rights};

/// A member or former member, as far as a summary needs them.
#[derive(Debug, Clone)]
pub struct Seat {
    pub user_id: Uuid,
    /// The user's rights in the plan.
    pub rights: Rights,
    /// Whether the user has the seat now.
    pub is_active: bool,
    /// What others may see of the user.
    pub privacy: PrivacySettings,
}

/// The number of members, and which of the active members the viewer may see what of.
#[derive(Debug, PartialEq, Eq)]
pub struct Roster {
    pub viewer: Rights,
    /// Number of members, former members included.
    pub total: usize,
    /// Number of active members.
    pub active: usize,
    /// Active members who share nutrition, the viewer included; empty when the viewer may not see nutrition.
    pub nutrition: Vec<Uuid>,
    /// Active members who share challenges, the viewer included.
    pub challenges: Vec<Uuid>,
    /// Active members who share achievements, the viewer included.
    pub achievements: Vec<Uuid>,
}

impl Roster {
    /// Returns the roster that the viewer sees, or `None` if the viewer is not an active member.
    pub fn seen_by(viewer: Uuid, seats: &[Seat]) -> Option<Self> {
        let active = || seats.iter().filter(|seat| seat.is_active);
        let rights = active().find(|seat| seat.user_id == viewer)?.rights.clone();
        let sharing = |shares: fn(&PrivacySettings) -> bool| {
            active().filter(move |seat| seat.user_id == viewer || shares(&seat.privacy)).map(|seat| seat.user_id)
        };
        let nutrition = if rights.may_see_nutrition() { sharing(|p| p.share_nutrition).collect() } else { Vec::new() };
        let challenges = sharing(|p| p.share_challenges).collect();
        let achievements = sharing(|p| p.share_achievements).collect();
        Some(Self { viewer: rights, total: seats.len(), active: active().count(), nutrition, challenges, achievements })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::{Permissions, Role};

    fn rights(role: Role) -> Rights {
        Rights { role, permissions: Permissions::default() }
    }

    #[test]
    fn a_viewer_sees_themselves_and_active_members_who_share() {
        let seat = |n: u128, role, is_active, [share_nutrition, share_challenges, share_achievements]: [bool; 3]| Seat {
            user_id: Uuid::from_u128(n),
            rights: rights(role),
            is_active,
            privacy: PrivacySettings { share_nutrition, share_challenges, share_achievements },
        };
        let mut seats = [
            seat(1, Role::Member, true, [false, false, false]),
            seat(2, Role::Admin, true, [true, true, false]),
            seat(3, Role::Child, true, [false, true, true]),
            seat(4, Role::Admin, false, [true, true, true]),
            seat(5, Role::Guest, true, [false, false, false]),
        ];
        let ids = |ns: &[u128]| ns.iter().map(|n| Uuid::from_u128(*n)).collect::<Vec<_>>();
        let roster = |role, [nutrition, challenges, achievements]: [Vec<Uuid>; 3]| {
            Some(Roster { viewer: rights(role), total: 5, active: 4, nutrition, challenges, achievements })
        };
        let seen = |by: u128| Roster::seen_by(Uuid::from_u128(by), &seats);
        assert_eq!(seen(1), roster(Role::Member, [ids(&[1, 2]), ids(&[1, 2, 3]), ids(&[1, 3])]));
        assert_eq!(seen(3), roster(Role::Child, [ids(&[2, 3]), ids(&[2, 3]), ids(&[3])]));
        assert_eq!(seen(5), roster(Role::Guest, [ids(&[]), ids(&[2, 3, 5]), ids(&[3, 5])]));
        assert_eq!((seen(4), seen(6)), (None, None), "former members and strangers see nothing");
        seats[0].rights.permissions = Permissions::NONE;
        let restricted = Roster::seen_by(Uuid::from_u128(1), &seats).expect("a roster");
        assert_eq!((restricted.nutrition, restricted.challenges), (ids(&[]), ids(&[1, 2, 3])));
    }
}
