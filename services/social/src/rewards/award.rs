//! Awards: achievements to be given to users.

mod awards;
mod reward;
mod store;
pub(crate) mod wire;

use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use awards::Awards;
pub use reward::{MAX_CREDITS, SpecialReward};

use crate::notification::Topic;

/// The type of an achievement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AchievementType {
    /// Users whom this user has referred bought something.
    ReferralMilestone,
    /// A rank at the top of a challenge.
    ChallengeWinner,
    RecipeFeatured,
    ChallengeCompleted,
    /// A consultation took place.
    ConsultationCompleted,
}

impl AchievementType {
    /// Returns the topic that turns off notifications of such achievements, if there is one.
    pub fn topic(self) -> Option<Topic> {
        match self {
            Self::ChallengeWinner | Self::ChallengeCompleted => Some(Topic::Challenges),
            Self::ReferralMilestone => Some(Topic::Referrals),
            Self::RecipeFeatured | Self::ConsultationCompleted => None,
        }
    }
}

/// The type of an entity that an achievement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EntityType {
    Challenge,
    Referral,
    Recipe,
    /// A consultation session.
    Session,
}

/// An entity that an achievement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity {
    pub of: EntityType,
    pub id: Uuid,
}

/// An achievement to be given. A user has at most one of the same type and name about the same entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Award {
    pub achievement_type: AchievementType,
    pub name: String,
    /// What it was given for.
    pub description: Option<String>,
    /// What it is about.
    pub entity: Option<Entity>,
    /// Points that come with it.
    pub points: i32,
    /// A badge that comes with it.
    pub badge: Option<String>,
    /// A special reward that comes with it.
    pub special_reward: Option<SpecialReward>,
}

impl Award {
    /// Returns whether the achievement is public at first. A consultation never is: only its user may make it public.
    pub fn starts_public(&self, social_sharing_enabled: bool) -> bool {
        social_sharing_enabled && self.achievement_type != AchievementType::ConsultationCompleted
    }
}
