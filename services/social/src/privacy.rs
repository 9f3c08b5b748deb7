//! What the slice holds of a user: to be taken along, and to be erased.

mod api;
mod erase;
mod export;
mod store;

use strum::{IntoStaticStr, VariantArray};

pub use api::Held;

/// What an export is made of, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
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
