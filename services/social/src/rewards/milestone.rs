//! What is counted towards achievements.

pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Connection;
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::error::Error;
use crate::rewards::achievement::{AchievementType, Award, Awards, Entity};

/// Points for each that a milestone takes.
const POINTS: i32 = 10;

/// Why a call about a milestone is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MilestoneError {
    /// The caller has no such milestone.
    #[error("no such milestone")]
    NotFound,
}

impl Rule for MilestoneError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::MilestoneNotFound),
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum MilestoneType {
    /// Referred users who have bought something.
    Conversions,
    /// Challenges whose criteria were met.
    ChallengesCompleted,
    /// Recipes that were featured.
    RecipesFeatured,
}

impl MilestoneType {
    /// How many it takes, from one achievement to the next.
    pub const fn targets(self) -> &'static [i32] {
        match self {
            Self::Conversions => &[1, 5, 10, 25],
            Self::ChallengesCompleted => &[1, 5, 25],
            Self::RecipesFeatured => &[1, 5],
        }
    }

    /// Whether a badge is, or may be, that of a milestone.
    pub fn has_badge(badge: &str) -> bool {
        badge.rsplit_once('_').is_some_and(|(of, target)| of.parse::<Self>().is_ok() && target.parse::<i32>().is_ok())
    }

    /// What reaching a target is awarded with.
    pub fn award(self, target: i32) -> Award {
        let (achievement_type, one, many) = match self {
            Self::Conversions => (AchievementType::ReferralMilestone, "friend brought along", "friends brought along"),
            Self::ChallengesCompleted => (AchievementType::ChallengeCompleted, "challenge completed", "challenges completed"),
            Self::RecipesFeatured => (AchievementType::RecipeFeatured, "featured recipe", "featured recipes"),
        };
        let counted: &'static str = self.into();
        Award {
            achievement_type,
            name: format!("{target} {}", if target == 1 { one } else { many }),
            description: None,
            entity: None,
            points: POINTS * target,
            badge: Some(format!("{counted}_{target}")),
            special_reward: None,
        }
    }
}

/// What a milestone has counted last, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialContext {
    /// What kind of thing.
    pub kind: Kind,
    /// Which.
    pub id: Uuid,
}

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A challenge.
    Challenge,
    /// A referral.
    Referral,
    /// A recipe.
    Recipe,
}

/// How far a user is towards an achievement.
#[derive(Debug, Clone)]
pub struct Milestone {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What is counted.
    pub milestone_type: MilestoneType,
    /// How many it takes.
    pub target: i32,
    /// How many there are.
    pub current: i32,
    /// Since when there were enough, if there were.
    pub achieved_at: Option<DateTime<Utc>>,
    /// Whether it is about what this slice is about.
    pub is_social_achievement: bool,
    /// Whether others see it.
    pub shared_publicly: bool,
    /// What was counted last.
    pub social_context: Option<SocialContext>,
}

impl Milestone {
    /// Where it stands in a list: by type, and then by target.
    pub fn place(&self) -> i64 {
        const BEYOND_ALL_TARGETS: i64 = 1 << 32;
        let of = match self.milestone_type {
            MilestoneType::Conversions => 0,
            MilestoneType::ChallengesCompleted => 1,
            MilestoneType::RecipesFeatured => 2,
        };
        of * BEYOND_ALL_TARGETS + i64::from(self.target)
    }
}

/// Counts one more for each of these users, who are locked, and awards what was reached. Whoever calls it knows that this one was not counted
/// before.
pub(crate) async fn advance(
    connection: &mut Connection,
    awards: &Awards,
    users: &[Uuid],
    counted: MilestoneType,
    entity: Entity,
) -> Result<(), Error> {
    let reached = store::count_up(connection, users, counted, context(entity)).await?;
    let reached: Vec<_> = reached.into_iter().map(|(user, target)| (user, counted.award(target))).collect();
    awards.make_all(connection, &reached).await?;
    Ok(())
}

fn context(entity: Entity) -> Option<SocialContext> {
    use crate::rewards::achievement::EntityType;

    let kind = match entity.of {
        EntityType::Challenge => Kind::Challenge,
        EntityType::Referral => Kind::Referral,
        EntityType::Recipe => Kind::Recipe,
        // No milestone counts them, and nobody else is to learn of them.
        EntityType::Session => return None,
    };
    Some(SocialContext { kind, id: entity.id })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [MilestoneType; 3] =
        [MilestoneType::Conversions, MilestoneType::ChallengesCompleted, MilestoneType::RecipesFeatured];

    #[test]
    fn each_target_has_its_own_award() {
        let awards: Vec<Award> =
            ALL.into_iter().flat_map(|of| of.targets().iter().map(move |target| of.award(*target))).collect();
        assert_eq!(awards.len(), 9);
        for (number, award) in awards.iter().enumerate() {
            let same = |other: &&Award| (other.achievement_type, &other.name) == (award.achievement_type, &award.name);
            assert_eq!(awards.iter().filter(same).count(), 1, "{award:?}");
            assert!(award.points > 0 && awards[number].badge.as_ref().is_some_and(|badge| badge.len() <= 50));
        }
        assert_eq!(MilestoneType::Conversions.award(1).name, "1 friend brought along");
        assert_eq!(MilestoneType::Conversions.award(25).badge.as_deref(), Some("conversions_25"));
    }

    #[test]
    fn targets_rise() {
        for of in ALL {
            assert!(of.targets().is_sorted() && of.targets().first() == Some(&1), "{of:?}");
        }
    }
}
