//! What the slice holds of a user: to be taken along, and to be erased.

mod api;
mod erase;
mod export;
mod store;
mod wire;

use strum::IntoStaticStr;
use uuid::Uuid;

pub use api::Api;

/// Why privacy refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else is named.
    #[error("users are told what is held of themselves only")]
    NotOneself,
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
    /// Their profile.
    Users,
    /// What they are to users with higher ids.
    Friendships,
    /// What they are to users with lower ids.
    #[strum(serialize = "friendships")]
    OtherFriendships,
    /// Their families.
    FamilyMemberships,
    /// The children for whom they answer, by id.
    #[strum(serialize = "family_memberships")]
    Children,
    /// What they want to be notified of.
    NotificationPreferences,
    /// What they have achieved.
    SocialAchievements,
    /// What counts towards achievements.
    AchievementMilestones,
    /// Challenges that they have made.
    CommunityChallenges,
    /// Challenges in which they take part.
    ChallengeParticipants,
    /// What they did there.
    ChallengeProgress,
    /// Whom they have brought along, and who them.
    Referrals,
}

const PARTS: &[Part] = &[
    Part::Users,
    Part::Friendships,
    Part::OtherFriendships,
    Part::FamilyMemberships,
    Part::Children,
    Part::NotificationPreferences,
    Part::SocialAchievements,
    Part::AchievementMilestones,
    Part::CommunityChallenges,
    Part::ChallengeParticipants,
    Part::ChallengeProgress,
    Part::Referrals,
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
