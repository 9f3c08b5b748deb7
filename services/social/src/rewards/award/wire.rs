//! Awards as messages.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read};
use uuid::Uuid;

use super::{AchievementType, Award, Entity, EntityType, MAX_CREDITS, SpecialReward};
use crate::notification::{self, Notify};

orchard_rpc::wire_enum!(
    AchievementType <=> pb::AchievementType:
    ReferralMilestone, ChallengeWinner, RecipeFeatured, ChallengeCompleted, ConsultationCompleted
);
orchard_rpc::wire_enum!(EntityType <=> pb::RelatedEntityType: Challenge, Referral, Recipe, Session);

/// Reads the entity of an achievement: both its id and its type, or neither.
pub(crate) fn read_entity(fields: &mut Fields, id: &str, of: i32) -> Result<Option<Entity>, Invalid> {
    let id = fields.read("related_entity_id", read::optional_uuid(id));
    let of = fields.read("related_entity_type", read::optional_enumeration(of));
    let (id, of) = (id?, of?);
    let both = match (id, of) {
        (Some(id), Some(of)) => Ok(Some(Entity { of, id })),
        (None, None) => Ok(None),
        (Some(_), None) => Err("is required with related_entity_id".to_owned()),
        (None, Some(_)) => Err("needs related_entity_id".to_owned()),
    };
    fields.read("related_entity_type", both)
}

pub(crate) fn read_special_reward(
    fields: &mut Fields,
    sent: pb::SpecialReward,
    currency: &Currency,
) -> Result<SpecialReward, Invalid> {
    use pb::special_reward::Reward;

    let reward = fields.read("special_reward.reward", read::required(sent.reward))?;
    fields.within("special_reward", |fields| match reward {
        Reward::Credits(money) => {
            let amount = fields.read("credits", currency.positive(Some(money), &MAX_CREDITS))?;
            Ok(SpecialReward::Credits { amount })
        }
        Reward::DiscountPercent(percent) => {
            let percent = fields.read("discount_percent", read::within(percent, 1..=100))?;
            Ok(SpecialReward::Discount { percent })
        }
        Reward::SpecialAccess(to) => {
            let to = fields.read("special_access", read_access(&to))?;
            Ok(SpecialReward::SpecialAccess { to })
        }
    })
}

/// Reads a badge to give. Those of users' challenges have a prefix of their own.
pub(crate) fn read_new_badge(badge: &str) -> Result<String, String> {
    let badge = read::text(badge, 0..=50)?;
    if badge.contains([':', '/']) { Err("must not have : or /".to_owned()) } else { Ok(badge) }
}

fn read_access(to: &str) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if (1..=50).contains(&to.len()) && to.chars().all(is_name) {
        Ok(to.to_owned())
    } else {
        Err("must be 1 to 50 lower-case letters, digits and underscores".to_owned())
    }
}

pub(crate) fn special_reward(reward: SpecialReward, currency: &Currency) -> pb::SpecialReward {
    use pb::special_reward::Reward;

    let reward = match reward {
        SpecialReward::Credits { amount } => Reward::Credits(currency.to_wire(&amount)),
        SpecialReward::Discount { percent } => Reward::DiscountPercent(percent),
        SpecialReward::SpecialAccess { to } => Reward::SpecialAccess(to),
    };
    pb::SpecialReward { reward: Some(reward) }
}

/// The event of an award that was given.
pub(super) fn awarded(id: Uuid, user: Uuid, award: &Award, notify: Notify, currency: &Currency) -> pb::AchievementAwarded {
    pb::AchievementAwarded {
        achievement_id: id.to_string(),
        user_id: user.to_string(),
        achievement_type: award.achievement_type.into(),
        points_awarded: award.points,
        special_reward: award.special_reward.clone().map(|reward| special_reward(reward, currency)),
        notify: Some(notification::wire::notify(notify)),
    }
}
