//! Achievements as sent.

use chrono::{DateTime, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Achievement, AchievementType, Award, Entity, EntityType, MOST_CREDITS, SpecialReward};
use crate::notification::{self, Notify};

const MOST_POINTS: i32 = 1_000_000;

/// Achieved when, and which: the order of the lists.
pub(super) type LatestFirst = (DateTime<Utc>, Uuid);

/// An award by hand.
#[derive(Debug, Clone)]
pub(super) struct ByHand {
    pub(super) key: Key,
    pub(super) user: Uuid,
    pub(super) award: Award,
}

pub(super) fn award(request: pb::AwardAchievementRequest, operator: Uuid, currency: &Currency) -> Result<ByHand, Violations> {
    let mut fields = Fields::default();
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let of = fields.read("achievement_type", read_type(request.achievement_type));
    let name = fields.read("achievement_name", read::text(&request.achievement_name, 1..=100));
    let description = fields.read("description", read::long_text(&request.description, 0..=1_000));
    let entity = read_entity(&mut fields, &request.related_entity_id, request.related_entity_type);
    let points = fields.read("points_awarded", read::within(request.points_awarded, 0..=MOST_POINTS));
    let badge = fields.read("badge_awarded", read::text(&request.badge_awarded, 0..=50));
    let reward = request.special_reward.as_ref().map(|sent| read_special_reward(&mut fields, sent.clone(), currency)).transpose();
    let id = fields.read("request_id", read::uuid(&request.request_id));
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    fields.finish(|| {
        let key = Key::new(operator, "AwardAchievement", id?, Keep::Forever, &request);
        let award = Award {
            achievement_type: of?,
            name: name?,
            description: some(description?),
            entity: entity?,
            points: points?,
            badge: some(badge?),
            special_reward: reward?,
        };
        Ok(ByHand { key, user: user?, award })
    })
}

fn read_type(value: i32) -> Result<AchievementType, String> {
    match read::enumeration(value)? {
        pb::AchievementType::ReferralMilestone => Ok(AchievementType::ReferralMilestone),
        pb::AchievementType::ChallengeWinner => Ok(AchievementType::ChallengeWinner),
        pb::AchievementType::RecipeFeatured => Ok(AchievementType::RecipeFeatured),
        pb::AchievementType::ChallengeCompleted => Ok(AchievementType::ChallengeCompleted),
        pb::AchievementType::ConsultationCompleted => Ok(AchievementType::ConsultationCompleted),
        pb::AchievementType::Unspecified => Err("is required".to_owned()),
    }
}

fn read_entity(fields: &mut Fields, id: &str, of: i32) -> Result<Option<Entity>, Invalid> {
    let id = fields.read("related_entity_id", read::optional_uuid(id));
    let of = fields.read("related_entity_type", read_entity_type(of));
    let (id, of) = (id?, of?);
    let both = match (id, of) {
        (Some(id), Some(of)) => Ok(Some(Entity { of, id })),
        (None, None) => Ok(None),
        (Some(_), None) => Err("is required with related_entity_id".to_owned()),
        (None, Some(_)) => Err("needs related_entity_id".to_owned()),
    };
    fields.read("related_entity_type", both)
}

fn read_entity_type(value: i32) -> Result<Option<EntityType>, String> {
    match pb::RelatedEntityType::try_from(value) {
        Ok(pb::RelatedEntityType::Unspecified) => Ok(None),
        Ok(pb::RelatedEntityType::Challenge) => Ok(Some(EntityType::Challenge)),
        Ok(pb::RelatedEntityType::Referral) => Ok(Some(EntityType::Referral)),
        Ok(pb::RelatedEntityType::Recipe) => Ok(Some(EntityType::Recipe)),
        Ok(pb::RelatedEntityType::Session) => Ok(Some(EntityType::Session)),
        Err(_) => Err(format!("has no value {value}")),
    }
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
            let amount = fields.read("credits", currency.positive(Some(money), &MOST_CREDITS))?;
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

fn read_access(to: &str) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if (1..=50).contains(&to.len()) && to.chars().all(is_name) {
        Ok(to.to_owned())
    } else {
        Err("must be 1 to 50 lower-case letters, digits and underscores".to_owned())
    }
}

pub(super) fn list(request: &pb::ListAchievementsRequest, viewer: Uuid) -> Result<(Uuid, PageRequest<LatestFirst>), Violations> {
    let mut fields = Fields::default();
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let query = format!("ListAchievements {} {viewer}", request.user_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((user?, page?)))
}

pub(super) fn highlights(request: &pb::ListHighlightsRequest, viewer: Uuid) -> Result<PageRequest<LatestFirst>, Violations> {
    let mut fields = Fields::default();
    let page = PageRequest::read(&mut fields, format!("ListHighlights {viewer}"), request.page_size, &request.page_token);
    fields.finish(|| page)
}

fn entity_type(of: EntityType) -> pb::RelatedEntityType {
    match of {
        EntityType::Challenge => pb::RelatedEntityType::Challenge,
        EntityType::Referral => pb::RelatedEntityType::Referral,
        EntityType::Recipe => pb::RelatedEntityType::Recipe,
        EntityType::Session => pb::RelatedEntityType::Session,
    }
}

fn achievement_type(of: AchievementType) -> pb::AchievementType {
    match of {
        AchievementType::ReferralMilestone => pb::AchievementType::ReferralMilestone,
        AchievementType::ChallengeWinner => pb::AchievementType::ChallengeWinner,
        AchievementType::RecipeFeatured => pb::AchievementType::RecipeFeatured,
        AchievementType::ChallengeCompleted => pb::AchievementType::ChallengeCompleted,
        AchievementType::ConsultationCompleted => pb::AchievementType::ConsultationCompleted,
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

/// What of an achievement is not its user's alone.
fn common(achievement: Achievement) -> pb::Achievement {
    let Award { achievement_type: of, name, description, entity, points, badge, special_reward: _ } = achievement.award;
    pb::Achievement {
        achievement_id: achievement.id.to_string(),
        user_id: achievement.user_id.to_string(),
        achievement_type: achievement_type(of).into(),
        achievement_name: name,
        description: description.unwrap_or_default(),
        related_entity_id: entity.map(|entity| entity.id.to_string()).unwrap_or_default(),
        related_entity_type: entity.map(|entity| entity_type(entity.of)).unwrap_or_default().into(),
        points_awarded: points,
        badge_awarded: badge.unwrap_or_default(),
        special_reward: None,
        achieve_time: Some(timestamp_to_wire(achievement.achieved_at)),
        is_public: achievement.is_public,
        celebration_shown: None,
    }
}

/// An achievement as others are shown it, who do not learn which session it was.
fn others(mut achievement: Achievement) -> pb::Achievement {
    achievement.award.entity = achievement.award.entity.filter(|entity| entity.of != EntityType::Session);
    common(achievement)
}

/// An achievement as its user, and who awards it, is shown it.
pub(super) fn own(achievement: Achievement, currency: &Currency) -> pb::Achievement {
    let special_reward = achievement.award.special_reward.clone().map(|given| special_reward(given, currency));
    let celebration_shown = Some(achievement.celebration_shown);
    pb::Achievement { special_reward, celebration_shown, ..common(achievement) }
}

/// An achievement as `viewer` is shown it.
pub(super) fn achievement(achievement: Achievement, viewer: Uuid, currency: &Currency) -> pb::Achievement {
    if achievement.user_id == viewer { own(achievement, currency) } else { others(achievement) }
}

/// What others are told of an award.
pub(super) fn awarded(id: Uuid, user: Uuid, award: &Award, notify: Notify, currency: &Currency) -> pb::AchievementAwarded {
    pb::AchievementAwarded {
        achievement_id: id.to_string(),
        user_id: user.to_string(),
        achievement_type: achievement_type(award.achievement_type).into(),
        points_awarded: award.points,
        special_reward: award.special_reward.clone().map(|given| special_reward(given, currency)),
        notify: Some(notification::wire::notify(notify)),
    }
}

pub(super) fn summary(user: Uuid, (points, count, badges): (i64, i64, Vec<String>)) -> pb::AchievementSummary {
    let achievement_count = i32::try_from(count).unwrap_or(i32::MAX);
    pb::AchievementSummary { user_id: user.to_string(), total_points: points, achievement_count, badges }
}
