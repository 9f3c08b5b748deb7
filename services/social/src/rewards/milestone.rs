//! Milestones: counts of what users have done, and the awards for reaching a target.

pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use orchard_db::{Connection, Rule};
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use orchard_rpc::read::look;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator as _, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

use crate::error::Error;
use crate::rewards::award::{AchievementType, Award, Awards, Entity, EntityType};

/// The name of the award for a featured recipe.
pub const RECIPE_FEATURED: &str = "Recipe featured";

/// Points for reaching a target, for each that it takes.
const POINTS: i32 = 10;

/// Why a call about a milestone is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MilestoneError {
    #[error("no such milestone")]
    NotFound,
}

impl Rule for MilestoneError {
    fn refusal(&self) -> Refusal {
        let Self::NotFound = self;
        Refusal::new(Code::NotFound, ErrorReason::MilestoneNotFound, self)
    }
}

/// What a milestone counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum MilestoneType {
    /// Referred users who have bought something.
    Conversions,
    ChallengesCompleted,
    RecipesFeatured,
}

impl MilestoneType {
    /// Returns the targets, in ascending order.
    pub const fn targets(self) -> &'static [i32] {
        match self {
            Self::Conversions => &[1, 5, 10, 25],
            Self::ChallengesCompleted => &[1, 5, 25],
            Self::RecipesFeatured => &[1, 5],
        }
    }

    /// Returns whether a badge could be taken for that of a milestone, of this release or a later one.
    pub fn is_like_badge(badge: &str) -> bool {
        let badge = look(badge);
        Self::iter().any(|of| badge.starts_with(&look(of.into())))
    }

    /// Returns the award for reaching a target.
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

/// The entity that a milestone has counted last, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialContext {
    /// The type of the entity.
    pub kind: ContextKind,
    /// The id of the entity.
    pub id: Uuid,
}

/// The types of entities that milestones count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextKind {
    Challenge,
    Referral,
    Recipe,
}

/// How close a user is to an achievement.
#[derive(Debug, Clone)]
pub struct Milestone {
    pub id: Uuid,
    pub user_id: Uuid,
    /// What is counted.
    pub milestone_type: MilestoneType,
    /// The count that gives the achievement.
    pub target: i32,
    /// The current count.
    pub current: i32,
    /// When the target was reached.
    pub achieved_at: Option<DateTime<Utc>>,
    /// Whether it counts something that this slice manages.
    pub is_social_achievement: bool,
    /// Whether others see it.
    pub shared_publicly: bool,
    /// What was counted last.
    pub social_context: Option<SocialContext>,
}

impl Milestone {
    /// Returns the position in lists, which are in the order of types and targets.
    pub fn position(&self) -> i64 {
        const ABOVE_ALL_TARGETS: i64 = 1 << 32;
        let of = match self.milestone_type {
            MilestoneType::Conversions => 0,
            MilestoneType::ChallengesCompleted => 1,
            MilestoneType::RecipesFeatured => 2,
        };
        of * ABOVE_ALL_TARGETS + i64::from(self.target)
    }
}

/// Returns what an award counts towards, if anything, and its entity.
///
/// An operator's award for a featured recipe counts as well: it stands in for an event that was lost.
pub fn counted_by(award: &Award) -> Option<(MilestoneType, Entity)> {
    let recipe = award.entity.filter(|entity| entity.of == EntityType::Recipe)?;
    let is_featured = award.achievement_type == AchievementType::RecipeFeatured && award.name == RECIPE_FEATURED;
    is_featured.then_some((MilestoneType::RecipesFeatured, recipe))
}

/// Counts an entity for each of these users, who must be locked, and gives awards for the targets that they reach. The caller ensures that
/// the entity was not counted before.
pub(crate) async fn advance(
    connection: &mut Connection,
    awards: &Awards,
    users: &[Uuid],
    counted: MilestoneType,
    entity: Entity,
) -> Result<(), Error> {
    let reached = store::count_up(connection, users, counted, context(entity)).await?;
    let reached: Vec<_> = reached.into_iter().map(|(user, target)| (user, counted.award(target))).collect();
    awards.give_all(connection, &reached).await?;
    Ok(())
}

/// Counts one less for a user, who must be locked, because what was counted has been undone. Achievements stay.
pub(crate) async fn retract(connection: &mut Connection, user: Uuid, counted: MilestoneType) -> Result<(), Error> {
    Ok(store::count_down(connection, user, counted).await?)
}

fn context(entity: Entity) -> Option<SocialContext> {
    let kind = match entity.of {
        EntityType::Challenge => ContextKind::Challenge,
        EntityType::Referral => ContextKind::Referral,
        EntityType::Recipe => ContextKind::Recipe,
        // No milestone counts sessions, and other users must not learn of them.
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
    fn each_target_has_an_award_of_its_own() {
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
    fn badges_that_look_like_those_of_milestones_are_known() {
        for badge in [
            "challenges_completed_25",
            "Challenges Completed 25",
            "\u{441}hallenges_completed_25",
            "recipes_featured_7",
            "CONVERSIONS 5",
        ] {
            assert!(MilestoneType::is_like_badge(badge), "{badge}");
        }
        for badge in ["early", "challenger", "25_challenges", ""] {
            assert!(!MilestoneType::is_like_badge(badge), "{badge}");
        }
    }

    #[test]
    fn targets_start_at_one_and_rise() {
        for of in ALL {
            assert!(of.targets().is_sorted() && of.targets().first() == Some(&1), "{of:?}");
        }
    }
}
