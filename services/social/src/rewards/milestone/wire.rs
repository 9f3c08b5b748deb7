//! Milestones as sent.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Kind, Milestone, MilestoneType, SocialContext};

pub(crate) fn list(request: &pb::ListMilestonesRequest, viewer: Uuid) -> Result<(Uuid, PageRequest<i64>), Violations> {
    let mut fields = Fields::default();
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let query = format!("ListMilestones {} {viewer}", request.user_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((user?, page?)))
}

fn context(last: SocialContext) -> pb::SocialContext {
    use pb::social_context::Entity;

    let id = last.id.to_string();
    let entity = match last.kind {
        Kind::Challenge => Entity::ChallengeId(id),
        Kind::Referral => Entity::ReferralId(id),
        Kind::Recipe => Entity::RecipeId(id),
    };
    pb::SocialContext { entity: Some(entity) }
}

/// A milestone as `viewer` is shown it.
pub(crate) fn milestone(milestone: Milestone, viewer: Uuid) -> pb::Milestone {
    let counted = match milestone.milestone_type {
        MilestoneType::Conversions => pb::MilestoneType::Conversions,
        MilestoneType::ChallengesCompleted => pb::MilestoneType::ChallengesCompleted,
        MilestoneType::RecipesFeatured => pb::MilestoneType::RecipesFeatured,
    };
    pb::Milestone {
        milestone_id: milestone.id.to_string(),
        user_id: milestone.user_id.to_string(),
        milestone_type: counted.into(),
        target: milestone.target,
        current: milestone.current,
        achieved: milestone.achieved_at.is_some(),
        achieve_time: milestone.achieved_at.map(timestamp_to_wire),
        is_social_achievement: milestone.is_social_achievement,
        shared_publicly: milestone.shared_publicly,
        social_context: milestone.social_context.filter(|_| milestone.user_id == viewer).map(context),
    }
}
