//! Achievements that users have, and what they are given for.

mod api;
mod store;
mod wire;

use chrono::{DateTime, Utc};
use orchard_db::{Connection, Rule};
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

use crate::error::Error;
use crate::rewards::award::{AchievementType, Award, Awards, Entity, EntityType};
use crate::rewards::milestone::{self, RECIPE_FEATURED};

/// Why a call about an achievement is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AchievementError {
    #[error("no such achievement")]
    NotFound,
}

impl Rule for AchievementError {
    fn refusal(&self) -> Refusal {
        let Self::NotFound = self;
        Refusal::new(Code::NotFound, ErrorReason::AchievementNotFound, self)
    }
}

/// An achievement of a user.
#[derive(Debug, Clone)]
pub struct Achievement {
    pub id: Uuid,
    pub user_id: Uuid,
    /// What the user was given.
    pub award: Award,
    /// When the user was given it.
    pub achieved_at: DateTime<Utc>,
    /// Whether others see it.
    pub is_public: bool,
    /// Whether the user was congratulated.
    pub celebration_shown: bool,
}

/// The position of an achievement in lists, which have the latest first: when it was given, and its id.
type LatestFirst = (DateTime<Utc>, Uuid);

impl Achievement {
    fn position(&self) -> LatestFirst {
        (self.achieved_at, self.id)
    }
}

/// The achievements of a user in numbers.
#[derive(Debug)]
struct Summary {
    points: i64,
    count: i64,
    badges: Vec<String>,
}

/// What a user has done in another slice and is awarded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accomplishment {
    RecipeFeatured {
        /// The author.
        user: Uuid,
        recipe: Uuid,
    },
    /// The user has had a consultation.
    SessionCompleted {
        /// The client.
        user: Uuid,
        session: Uuid,
    },
}

impl Accomplishment {
    /// Returns the user who is awarded.
    pub fn user(self) -> Uuid {
        match self {
            Self::RecipeFeatured { user, .. } | Self::SessionCompleted { user, .. } => user,
        }
    }

    /// Returns the award. That for a consultation does not name the session: only the first one is awarded, and which it was is
    /// confidential.
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

/// Gives a user, who must be locked, an award, and counts it towards milestones if it is new.
pub(crate) async fn give(connection: &mut Connection, awards: &Awards, user: Uuid, award: &Award) -> Result<(), Error> {
    if awards.give(connection, user, award).await?
        && let Some((counted, entity)) = milestone::counted_by(award)
    {
        milestone::advance(connection, awards, &[user], counted, entity).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewards::milestone::MilestoneType;

    #[test]
    fn each_recipe_has_an_award_and_all_consultations_share_one() {
        let [user, one, other] = [1, 2, 3].map(Uuid::from_u128);
        let of = |recipe| Accomplishment::RecipeFeatured { user, recipe }.award();
        assert_ne!(of(one), of(other));
        let of = |session| Accomplishment::SessionCompleted { user, session }.award();
        assert_eq!(of(one), of(other));
        assert!(!format!("{:?}", of(one)).contains(&one.to_string()), "the award does not name the session");
    }

    #[test]
    fn only_the_award_for_a_featured_recipe_counts_towards_a_milestone() {
        let [user, recipe] = [1, 2].map(Uuid::from_u128);
        let featured = Accomplishment::RecipeFeatured { user, recipe }.award();
        let entity = Entity { of: EntityType::Recipe, id: recipe };
        assert_eq!(milestone::counted_by(&featured), Some((MilestoneType::RecipesFeatured, entity)));
        let others = [
            Award { name: "1 featured recipe".to_owned(), ..featured.clone() },
            Award { entity: None, ..featured.clone() },
            Award { entity: Some(Entity { of: EntityType::Challenge, id: recipe }), ..featured.clone() },
            Award { achievement_type: AchievementType::ChallengeWinner, ..featured.clone() },
            Accomplishment::SessionCompleted { user, session: recipe }.award(),
        ];
        for award in others {
            assert_eq!(milestone::counted_by(&award), None, "{award:?}");
        }
    }

    #[test]
    fn a_consultation_never_starts_public() {
        let [user, id] = [1, 2].map(Uuid::from_u128);
        for (accomplishment, sharing, public) in [
            (Accomplishment::RecipeFeatured { user, recipe: id }, true, true),
            (Accomplishment::RecipeFeatured { user, recipe: id }, false, false),
            (Accomplishment::SessionCompleted { user, session: id }, true, false),
        ] {
            assert_eq!(accomplishment.award().starts_public(sharing), public, "{accomplishment:?}");
        }
    }
}
