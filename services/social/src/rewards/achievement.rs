//! What users achieve.

mod api;
mod awards;
mod reward;
pub(crate) mod store;
pub(crate) mod wire;

use chrono::{DateTime, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;
pub use awards::Awards;
pub use reward::{MOST_CREDITS, SpecialReward};

use crate::error::Error;
use crate::notification::Topic;
use crate::rewards::milestone::{self, MilestoneType};

/// What a recipe is awarded with that was featured.
const RECIPE_FEATURED: &str = "Recipe featured";

/// Why a call about an achievement is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AchievementError {
    /// The caller has no such achievement.
    #[error("no such achievement")]
    NotFound,
}

impl Rule for AchievementError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NotFound => refuse(Code::NotFound, ErrorReason::AchievementNotFound),
        }
    }
}

/// What kind of thing was achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AchievementType {
    /// Referred users have bought something.
    ReferralMilestone,
    /// A place at the top of a challenge.
    ChallengeWinner,
    /// A recipe was featured.
    RecipeFeatured,
    /// Challenges were completed.
    ChallengeCompleted,
    /// A consultation took place.
    ConsultationCompleted,
}

impl AchievementType {
    /// What its user may not want to be notified of.
    pub fn topic(self) -> Option<Topic> {
        match self {
            Self::ChallengeWinner | Self::ChallengeCompleted => Some(Topic::Challenges),
            Self::ReferralMilestone => Some(Topic::Referrals),
            Self::RecipeFeatured | Self::ConsultationCompleted => None,
        }
    }
}

/// What an achievement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EntityType {
    /// A challenge.
    Challenge,
    /// A referral.
    Referral,
    /// A recipe.
    Recipe,
    /// A consultation session.
    Session,
}

/// A particular thing that an achievement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity {
    /// What it is.
    pub of: EntityType,
    /// Which.
    pub id: Uuid,
}

/// An achievement to be awarded: of the same type and name and about the same thing, a user has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Award {
    /// What kind of thing.
    pub achievement_type: AchievementType,
    /// What it is called.
    pub name: String,
    /// What it was for.
    pub description: Option<String>,
    /// What it is about.
    pub entity: Option<Entity>,
    /// Points for it.
    pub points: i32,
    /// A badge for it.
    pub badge: Option<String>,
    /// What else comes with it.
    pub special_reward: Option<SpecialReward>,
}

/// An achievement of a user.
#[derive(Debug, Clone)]
pub struct Achievement {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What was awarded.
    pub award: Award,
    /// When it was.
    pub achieved_at: DateTime<Utc>,
    /// Whether others see it.
    pub is_public: bool,
    /// Whether the user was congratulated.
    pub celebration_shown: bool,
}

/// Something that happened in another slice, for which there is an achievement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feat {
    /// A recipe of the user was featured.
    RecipeFeatured {
        /// Its author.
        user: Uuid,
        /// Which.
        recipe: Uuid,
    },
    /// The user has had a consultation.
    SessionCompleted {
        /// The client.
        user: Uuid,
        /// Which.
        session: Uuid,
    },
}

impl Feat {
    /// Whose it is.
    pub fn user(self) -> Uuid {
        match self {
            Self::RecipeFeatured { user, .. } | Self::SessionCompleted { user, .. } => user,
        }
    }

    /// What is awarded for it. The first consultation is one achievement, whichever was the first: not even the user is reminded of which.
    pub fn award(self) -> Award {
        let (achievement_type, name, entity) = match self {
            Self::RecipeFeatured { recipe, .. } => {
                let entity = Entity { of: EntityType::Recipe, id: recipe };
                (AchievementType::RecipeFeatured, RECIPE_FEATURED, Some(entity))
            }
            Self::SessionCompleted { .. } => (AchievementType::ConsultationCompleted, "First consultation", None),
        };
        let name = name.to_owned();
        Award { achievement_type, name, description: None, entity, points: 10, badge: None, special_reward: None }
    }
}

impl Award {
    /// Whether it starts public, of a user who shares or not. Who had a consultation says so themselves, or nobody does.
    pub fn starts_public(&self, shares: bool) -> bool {
        shares && self.achievement_type != AchievementType::ConsultationCompleted
    }

    /// What it counts towards, and by which thing: given by hand it stands in for an event that was lost.
    pub fn counts_as(&self) -> Option<(MilestoneType, Entity)> {
        let recipe = self.entity.filter(|entity| entity.of == EntityType::Recipe)?;
        let is_featured = self.achievement_type == AchievementType::RecipeFeatured && self.name == RECIPE_FEATURED;
        is_featured.then_some((MilestoneType::RecipesFeatured, recipe))
    }
}

/// Gives an award to a user, who is known and locked, and counts it. What was awarded before counts no further.
pub(crate) async fn give(
    connection: &mut orchard_db::Connection,
    awards: &Awards,
    user: Uuid,
    award: &Award,
) -> Result<(), Error> {
    if awards.make(connection, user, award).await?
        && let Some((counted, by)) = award.counts_as()
    {
        milestone::advance(connection, awards, &[user], counted, by).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipe_counts_and_only_the_first_consultation() {
        let [user, one, other] = [1, 2, 3].map(Uuid::from_u128);
        let of = |recipe| Feat::RecipeFeatured { user, recipe }.award();
        assert_ne!(of(one), of(other));
        let of = |session| Feat::SessionCompleted { user, session }.award();
        assert_eq!(of(one), of(other));
        assert!(!format!("{:?}", of(one)).contains(&one.to_string()), "nobody learns that the session exists");
    }

    #[test]
    fn a_featured_recipe_counts_whoever_awards_it_and_nothing_else_does() {
        let [user, recipe] = [1, 2].map(Uuid::from_u128);
        let featured = Feat::RecipeFeatured { user, recipe }.award();
        let entity = Entity { of: EntityType::Recipe, id: recipe };
        assert_eq!(featured.counts_as(), Some((MilestoneType::RecipesFeatured, entity)));
        let others = [
            Award { name: "1 featured recipe".to_owned(), ..featured.clone() },
            Award { entity: None, ..featured.clone() },
            Award { entity: Some(Entity { of: EntityType::Challenge, id: recipe }), ..featured.clone() },
            Award { achievement_type: AchievementType::ChallengeWinner, ..featured.clone() },
            Feat::SessionCompleted { user, session: recipe }.award(),
        ];
        for award in others {
            assert_eq!(award.counts_as(), None, "{award:?}");
        }
    }

    #[test]
    fn a_consultation_never_starts_public() {
        let [user, thing] = [1, 2].map(Uuid::from_u128);
        for (feat, shares, public) in [
            (Feat::RecipeFeatured { user, recipe: thing }, true, true),
            (Feat::RecipeFeatured { user, recipe: thing }, false, false),
            (Feat::SessionCompleted { user, session: thing }, true, false),
        ] {
            assert_eq!(feat.award().starts_public(shares), public, "{feat:?}");
        }
    }
}
