//! Milestones as messages.

use orchard_proto::social::v1 as pb;
use orchard_rpc::timestamp_to_wire;
use uuid::Uuid;

use super::{ContextKind, Milestone, MilestoneType, SocialContext};

orchard_rpc::wire_enum!(MilestoneType => pb::MilestoneType: Conversions, ChallengesCompleted, RecipesFeatured);

fn context(last: SocialContext) -> pb::SocialContext {
    use pb::social_context::Entity;

    let id = last.id.to_string();
    let entity = match last.kind {
        ContextKind::Challenge => Entity::ChallengeId(id),
        ContextKind::Referral => Entity::ReferralId(id),
        ContextKind::Recipe => Entity::RecipeId(id),
    };
    pb::SocialContext { entity: Some(entity) }
}

/// Converts a milestone for `viewer`. Only its user learns what was counted last.
pub(crate) fn milestone(milestone: Milestone, viewer: Uuid) -> pb::Milestone {
    pb::Milestone {
        milestone_id: milestone.id.to_string(),
        user_id: milestone.user_id.to_string(),
        milestone_type: milestone.milestone_type.into(),
        target: milestone.target,
        current: milestone.current,
        achieved: milestone.achieved_at.is_some(),
        achieve_time: milestone.achieved_at.map(timestamp_to_wire),
        is_social_achievement: milestone.is_social_achievement,
        is_public: milestone.shared_publicly,
        social_context: milestone.social_context.filter(|_| milestone.user_id == viewer).map(context),
    }
}
