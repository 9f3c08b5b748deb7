//! Achievements as messages.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, PageRequest, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Achievement, LatestFirst, Summary};
use crate::error::Error;
use crate::rewards::award::wire::{read_entity, read_new_badge, read_special_reward, special_reward};
use crate::rewards::award::{Award, EntityType};

/// The most points of one award.
const MAX_POINTS: i32 = 1_000_000;
/// The most users whose highlights are listed at once.
const MAX_USERS: usize = 200;

/// An operator's request to give an award.
#[derive(Debug, Clone)]
pub(super) struct NewAward {
    pub(super) key: Key,
    pub(super) user: Uuid,
    pub(super) award: Award,
}

pub(super) fn award(request: pb::AwardAchievementRequest, operator: Uuid, currency: &Currency) -> Result<NewAward, Error> {
    let mut fields = Fields::default();
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let of = fields.read("achievement_type", request.achievement_type.try_into());
    let name = fields.read("achievement_name", read::text(&request.achievement_name, 1..=100));
    let description = fields.read("description", read::long_text(&request.description, 0..=1_000));
    let entity = read_entity(&mut fields, &request.related_entity_id, request.related_entity_type);
    let points = fields.read("points_awarded", read::within(request.points_awarded, 0..=MAX_POINTS));
    let badge = fields.read("badge_awarded", read_new_badge(&request.badge_awarded));
    let reward = request.special_reward.as_ref().map(|sent| read_special_reward(&mut fields, sent.clone(), currency)).transpose();
    let id = fields.read("request_id", read::uuid(&request.request_id));
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(fields.finish(|| {
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
        Ok(NewAward { key, user: user?, award })
    })?)
}

/// Reads whose highlights to list, nobody's for those of friends, and which page of them.
pub(super) fn highlights(
    request: &pb::ListHighlightsRequest,
    viewer: Uuid,
) -> Result<(Vec<Uuid>, PageRequest<LatestFirst>), Error> {
    let mut fields = Fields::default();
    let of = fields.values("user_ids", 0..=MAX_USERS, &request.user_ids, |id| read::uuid(id));
    let query = format!("ListHighlights {viewer} {}", request.user_ids.join(" "));
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((of?, page?)))?)
}

/// Converts what everyone who sees an achievement may know of it.
fn common(achievement: Achievement) -> pb::Achievement {
    let Award { achievement_type, name, description, entity, points, badge, special_reward: _ } = achievement.award;
    pb::Achievement {
        achievement_id: achievement.id.to_string(),
        user_id: achievement.user_id.to_string(),
        achievement_type: achievement_type.into(),
        achievement_name: name,
        description: description.unwrap_or_default(),
        related_entity_id: entity.map(|entity| entity.id.to_string()).unwrap_or_default(),
        related_entity_type: entity.map(|entity| entity.of.into()).unwrap_or_default(),
        points_awarded: points,
        badge_awarded: badge.unwrap_or_default(),
        special_reward: None,
        achieve_time: Some(timestamp_to_wire(achievement.achieved_at)),
        is_public: achievement.is_public,
        celebration_shown: None,
    }
}

/// Converts an achievement for other users, who do not learn of which session it is.
fn others(mut achievement: Achievement) -> pb::Achievement {
    achievement.award.entity = achievement.award.entity.filter(|entity| entity.of != EntityType::Session);
    common(achievement)
}

/// Converts an achievement for its user, or for the operator who awards it.
pub(super) fn own(achievement: Achievement, currency: &Currency) -> pb::Achievement {
    let special_reward = achievement.award.special_reward.clone().map(|reward| special_reward(reward, currency));
    let celebration_shown = Some(achievement.celebration_shown);
    pb::Achievement { special_reward, celebration_shown, ..common(achievement) }
}

/// Converts achievements for `viewer`.
pub(super) fn achievements(achievements: Vec<Achievement>, viewer: Uuid, currency: &Currency) -> Vec<pb::Achievement> {
    let convert = |one: Achievement| if one.user_id == viewer { own(one, currency) } else { others(one) };
    achievements.into_iter().map(convert).collect()
}

pub(super) fn summary(user: Uuid, Summary { points, count, badges }: Summary) -> pb::AchievementSummary {
    let achievement_count = i32::try_from(count).unwrap_or(i32::MAX);
    pb::AchievementSummary { user_id: user.to_string(), total_points: points, achievement_count, badges }
}
