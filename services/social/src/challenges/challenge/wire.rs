//! Challenges as sent.

mod list;
mod scoring;
mod terms;

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, Violations, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Challenge, ChallengeType, JoinCode, Patch, Terms};
use crate::challenges::participant::Target;

pub(super) use list::{list, listed};
pub(crate) use terms::reward;

const PATHS: [&str; 11] = [
    "challenge_name",
    "description",
    "difficulty_level",
    "duration_days",
    "max_participants",
    "start_date",
    "scoring",
    "entry_requirements",
    "success_criteria",
    "reward_structure",
    "is_public",
];

/// A challenge to create.
pub(super) fn new_challenge(
    request: &pb::CreateChallengeRequest,
    caller: Uuid,
    currency: &Currency,
) -> Result<(Key, Terms), Violations> {
    let mut fields = Fields::default();
    let name = fields.read("challenge_name", read_name(&request.challenge_name));
    let description = fields.read("description", read_description(&request.description));
    let difficulty = fields.read("difficulty_level", read::within_or(request.difficulty_level, 1, 1..=5));
    let duration = fields.read("duration_days", read_duration(request.duration_days));
    let seats = fields.read("max_participants", read_seats(request.max_participants));
    let start = fields.read("start_date", read::optional_date(request.start_date));
    let scoring = scoring::read_scoring(&mut fields, request.scoring.clone());
    let requirements = terms::read_requirements(&mut fields, request.entry_requirements.clone());
    let criteria = terms::read_criteria(&mut fields, request.success_criteria);
    let rewards = terms::read_rewards(&mut fields, request.reward_structure.clone(), currency);
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        let terms = Terms {
            challenge_name: name?,
            description: description?,
            difficulty_level: difficulty?,
            duration_days: duration?,
            max_participants: seats?,
            start_date: start?,
            scoring: scoring?,
            entry_requirements: requirements?,
            success_criteria: criteria?,
            reward_structure: rewards?,
            is_public: request.is_public.unwrap_or(true),
        };
        Ok((Key::new(caller, "CreateChallenge", request_id?, Keep::Days30, request), terms))
    })
}

/// What changes of a challenge.
pub(super) fn update(request: pb::UpdateChallengeRequest, currency: &Currency) -> Result<(Uuid, Patch), Violations> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let challenge = fields.read("challenge", read::required(request.challenge));
    let mask = paths.as_deref().unwrap_or_default();
    let read = challenge.map(|challenge| {
        fields.within("challenge", |fields| {
            let id = fields.read("challenge_id", read::uuid(&challenge.challenge_id));
            let patch = read_patch(fields, mask, challenge, currency);
            Ok((id?, patch?))
        })
    });
    fields.finish(|| {
        paths?;
        read?
    })
}

fn read_patch(fields: &mut Fields, mask: &[&str], challenge: pb::Challenge, currency: &Currency) -> Result<Patch, Invalid> {
    let name = fields.masked(mask, "challenge_name", || read_name(&challenge.challenge_name));
    let description = fields.masked(mask, "description", || read_description(&challenge.description));
    let difficulty = fields.masked(mask, "difficulty_level", || read::within(challenge.difficulty_level, 1..=5));
    let duration = fields.masked(mask, "duration_days", || read_duration(challenge.duration_days));
    let seats = fields.masked(mask, "max_participants", || read_seats(challenge.max_participants));
    let start = fields.masked(mask, "start_date", || read::optional_date(challenge.start_date));
    let is_public = fields.masked(mask, "is_public", || Ok(challenge.is_public));
    let names = |name| mask.contains(&name);
    let scoring = names("scoring").then(|| scoring::read_scoring(fields, challenge.scoring)).transpose();
    let requirements =
        names("entry_requirements").then(|| terms::read_requirements(fields, challenge.entry_requirements)).transpose();
    let criteria = names("success_criteria").then(|| terms::read_criteria(fields, challenge.success_criteria)).transpose();
    let rewards =
        names("reward_structure").then(|| terms::read_rewards(fields, challenge.reward_structure, currency)).transpose();
    Ok(Patch {
        challenge_name: name?,
        description: description?,
        difficulty_level: difficulty?,
        duration_days: duration?,
        max_participants: seats?,
        start_date: start?,
        scoring: scoring?,
        entry_requirements: requirements?,
        success_criteria: criteria?,
        reward_structure: rewards?,
        is_public: is_public?,
    })
}

fn read_name(name: &str) -> Result<String, String> {
    read::text(name, 1..=100)
}

fn read_description(description: &str) -> Result<String, String> {
    read::long_text(description, 1..=2_000)
}

fn read_duration(days: i32) -> Result<i32, String> {
    read::within(days, 1..=366)
}

fn read_seats(seats: Option<i32>) -> Result<Option<i32>, String> {
    seats.map(|seats| read::within(seats, 1..=1_000_000)).transpose()
}

/// Which challenge is meant, by its id or by its code.
pub(super) fn target(challenge_id: &str, join_code: &str) -> Result<Target, Violations> {
    let mut fields = Fields::default();
    let target = if join_code.is_empty() {
        fields.read("challenge_id", read::uuid(challenge_id)).map(Target::Id)
    } else if challenge_id.is_empty() {
        fields.read("join_code", JoinCode::read(join_code)).map(Target::Code)
    } else {
        fields.read("join_code", Err("must be empty beside a challenge_id".to_owned()))
    };
    fields.finish(|| target)
}

/// Which challenge is to be featured, and how much.
pub(super) fn feature(request: &pb::FeatureChallengeRequest) -> Result<(Uuid, i32), Violations> {
    let mut fields = Fields::default();
    let id = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let priority = fields.read("featured_priority", read::within(request.featured_priority, 0..=1_000));
    fields.finish(|| Ok((id?, priority?)))
}

pub(super) fn user_ids(request: &pb::CountActiveChallengesRequest) -> Result<Vec<Uuid>, Violations> {
    let mut fields = Fields::default();
    let ids = fields.values("user_ids", 0..=200, &request.user_ids, |id| read::uuid(id));
    fields.finish(|| ids)
}

/// A challenge as it is told, with who created it and with its code to those who may know.
pub(super) fn challenge(challenge: Challenge, creator: Option<Uuid>, tells_code: bool, currency: &Currency) -> pb::Challenge {
    let end_date = challenge.terms.end_date().map(date_to_wire);
    let Terms { scoring: rule, entry_requirements, success_criteria, reward_structure, .. } = challenge.terms;
    let challenge_type = match rule.challenge_type() {
        ChallengeType::Consistency => pb::ChallengeType::Consistency,
        ChallengeType::Variety => pb::ChallengeType::Variety,
        ChallengeType::Seasonal => pb::ChallengeType::Seasonal,
        ChallengeType::GoalBased => pb::ChallengeType::GoalBased,
    };
    let code = challenge.join_code.filter(|_| tells_code);
    pb::Challenge {
        challenge_id: challenge.id.to_string(),
        challenge_name: challenge.terms.challenge_name,
        description: challenge.terms.description,
        challenge_type: challenge_type.into(),
        difficulty_level: challenge.terms.difficulty_level,
        duration_days: challenge.terms.duration_days,
        max_participants: challenge.terms.max_participants,
        participant_count: challenge.participant_count,
        start_date: challenge.terms.start_date.map(date_to_wire),
        end_date,
        created_by: creator.map(|id| id.to_string()).unwrap_or_default(),
        is_active: challenge.is_active,
        scoring: Some(scoring::scoring(rule)),
        create_time: Some(timestamp_to_wire(challenge.created_at)),
        entry_requirements: entry_requirements.map(terms::requirements),
        success_criteria: success_criteria.map(|criteria| terms::criteria(&criteria)),
        reward_structure: reward_structure.map(|rewards| terms::rewards(rewards, currency)),
        is_public: challenge.terms.is_public,
        join_code: code.map(|code| code.as_str().to_owned()).unwrap_or_default(),
        featured_priority: challenge.featured_priority,
        finalise_time: challenge.finalised_at.map(timestamp_to_wire),
    }
}
