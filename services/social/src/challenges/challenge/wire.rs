//! Conversions of challenges from and to protobuf.

mod conditions;
mod list;
mod scoring;
mod terms;

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::{ChallengeKey, ChallengeType, ChallengeView, JoinCode, Terms};
use crate::challenges::reward::wire::rewards;
use crate::error::Error;

pub(super) use list::list;
pub(super) use terms::{new_challenge, update};

orchard_rpc::wire_enum!(ChallengeType <=> pb::ChallengeType: Consistency, Variety, Seasonal, GoalBased);

/// Reads the id or the code of a challenge.
pub(super) fn challenge_key(challenge_id: &str, join_code: &str) -> Result<ChallengeKey, Error> {
    let mut fields = Fields::default();
    let key = if join_code.is_empty() {
        fields.read("challenge_id", read::uuid(challenge_id)).map(ChallengeKey::Id)
    } else if challenge_id.is_empty() {
        fields.read("join_code", JoinCode::read(join_code)).map(ChallengeKey::Code)
    } else {
        fields.read("join_code", Err("must be empty beside a challenge_id".to_owned()))
    };
    Ok(fields.finish(|| key)?)
}

pub(super) fn feature(request: &pb::FeatureChallengeRequest) -> Result<(Uuid, i32), Error> {
    let mut fields = Fields::default();
    let id = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let priority = fields.read("featured_priority", read::within(request.featured_priority, 0..=1_000));
    Ok(fields.finish(|| Ok((id?, priority?)))?)
}

pub(super) fn user_ids(request: &pb::CountActiveChallengesRequest) -> Result<Vec<Uuid>, Error> {
    let mut fields = Fields::default();
    let ids = fields.values("user_ids", 0..=200, &request.user_ids, |id| read::uuid(id));
    Ok(fields.finish(|| ids)?)
}

/// Converts a challenge as its viewer sees it.
pub(super) fn challenge(view: ChallengeView, shows_code: bool, currency: &Currency) -> pb::Challenge {
    let ChallengeView { challenge, creator } = view;
    let end_date = challenge.terms.end_date().map(date_to_wire);
    let Terms { scoring, entry_requirements, success_criteria, reward_structure, .. } = challenge.terms;
    let code = challenge.join_code.filter(|_| shows_code);
    pb::Challenge {
        challenge_id: challenge.id.to_string(),
        challenge_name: challenge.terms.challenge_name,
        description: challenge.terms.description,
        challenge_type: scoring.challenge_type().into(),
        difficulty_level: challenge.terms.difficulty_level,
        duration_days: challenge.terms.duration_days,
        max_participants: challenge.terms.max_participants,
        participant_count: challenge.participant_count,
        start_date: challenge.terms.start_date.map(date_to_wire),
        end_date,
        creator_user_id: creator.map(|id| id.to_string()).unwrap_or_default(),
        is_active: challenge.is_active,
        scoring: Some(scoring::scoring(scoring)),
        create_time: Some(timestamp_to_wire(challenge.created_at)),
        entry_requirements: entry_requirements.map(conditions::requirements),
        success_criteria: success_criteria.map(|criteria| conditions::criteria(&criteria)),
        reward_structure: reward_structure.map(|structure| rewards(structure, currency)),
        is_public: challenge.terms.is_public,
        join_code: code.map(|code| code.as_str().to_owned()).unwrap_or_default(),
        featured_priority: challenge.featured_priority,
        finalise_time: challenge.finalised_at.map(timestamp_to_wire),
    }
}
