//! Challenges as sent.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Refused, Violations, date_to_wire, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Challenge, ChallengeType, CompletionStatus, Participant, Scoring};
use crate::fruit::wire::name;

/// A challenge to create.
#[derive(Debug, Clone)]
pub(super) struct NewChallenge {
    pub(super) key: Key,
    pub(super) challenge_name: String,
    pub(super) description: String,
    pub(super) difficulty_level: i32,
    pub(super) duration_days: i32,
    pub(super) max_participants: Option<i32>,
    pub(super) start_date: Option<NaiveDate>,
    pub(super) scoring: Scoring,
}

pub(super) fn new_challenge(request: &pb::CreateChallengeRequest, caller: Uuid) -> Result<NewChallenge, Violations> {
    let mut fields = Fields::default();
    let name = fields.read("challenge_name", read::text(&request.challenge_name, 1..=100));
    let description = fields.read("description", read::long_text(&request.description, 1..=2_000));
    let difficulty = fields.read("difficulty_level", read::within_or(request.difficulty_level, 1, 1..=5));
    let duration = fields.read("duration_days", read::within(request.duration_days, 1..=366));
    let seats = request.max_participants.map(|seats| read::within(seats, 1..=1_000_000)).transpose();
    let seats = fields.read("max_participants", seats);
    let start = fields.read("start_date", request.start_date.map(|date| read::date(Some(date))).transpose());
    let scoring = read_scoring(&mut fields, request.scoring.clone());
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        Ok(NewChallenge {
            key: Key::new(caller, "CreateChallenge", request_id?, Keep::Days30, request),
            challenge_name: name?,
            description: description?,
            difficulty_level: difficulty?,
            duration_days: duration?,
            max_participants: seats?,
            start_date: start?,
            scoring: scoring?,
        })
    })
}

fn read_scoring(fields: &mut Fields, scoring: Option<pb::Scoring>) -> Result<Scoring, Refused> {
    use pb::scoring::Rule;

    let rule = fields.read("scoring", read::required(scoring.and_then(|scoring| scoring.rule)))?;
    fields.within("scoring", |fields| match rule {
        Rule::Consistency(rule) => fields.within("consistency", |fields| {
            let target = fields.read("daily_target_servings", read::within(rule.daily_target_servings, 1..=50));
            Ok(Scoring::Consistency { daily_target_servings: target? })
        }),
        Rule::Variety(rule) => fields.within("variety", |fields| {
            let cap = fields.read("daily_cap", read::within(rule.daily_cap, 1..=50));
            Ok(Scoring::Variety { daily_cap: cap? })
        }),
        Rule::Seasonal(rule) => fields.within("seasonal", |fields| {
            let fruits = fields.values("fruits", 1..=50, &rule.fruits, |fruit| name(fruit)).map(BTreeSet::from_iter);
            let cap = fields.read("daily_cap", read::within(rule.daily_cap, 1..=100));
            Ok(Scoring::Seasonal { fruits: fruits?.into_iter().map(str::to_owned).collect(), daily_cap: cap? })
        }),
        Rule::GoalBased(rule) => fields.within("goal_based", |fields| {
            let unit = fields.read("unit", read::text(&rule.unit, 1..=30));
            let points = fields.read("points_per_unit", read::within(rule.points_per_unit, 1..=1_000));
            let cap = fields.read("daily_cap", read::within(rule.daily_cap, 1..=100_000));
            Ok(Scoring::GoalBased { unit: unit?, points_per_unit: points?, daily_cap: cap? })
        }),
    })
}

pub(super) fn user_ids(request: &pb::CountActiveChallengesRequest) -> Result<Vec<Uuid>, Violations> {
    let mut fields = Fields::default();
    let ids = fields.values("user_ids", 0..=200, &request.user_ids, |id| read::uuid(id));
    fields.finish(|| ids)
}

pub(super) fn challenge(challenge: Challenge, creator: Option<Uuid>) -> pb::Challenge {
    let challenge_type = match challenge.challenge_type {
        ChallengeType::Consistency => pb::ChallengeType::Consistency,
        ChallengeType::Variety => pb::ChallengeType::Variety,
        ChallengeType::Seasonal => pb::ChallengeType::Seasonal,
        ChallengeType::GoalBased => pb::ChallengeType::GoalBased,
    };
    pb::Challenge {
        challenge_id: challenge.id.to_string(),
        challenge_name: challenge.challenge_name,
        description: challenge.description,
        challenge_type: challenge_type.into(),
        difficulty_level: challenge.difficulty_level,
        duration_days: challenge.duration_days,
        max_participants: challenge.max_participants,
        participant_count: challenge.participant_count,
        start_date: challenge.start_date.map(date_to_wire),
        end_date: challenge.end_date.map(date_to_wire),
        created_by: creator.map(|id| id.to_string()).unwrap_or_default(),
        is_active: challenge.is_active,
        scoring: Some(scoring(challenge.scoring)),
        create_time: Some(timestamp_to_wire(challenge.created_at)),
        ..Default::default()
    }
}

fn scoring(scoring: Scoring) -> pb::Scoring {
    use pb::scoring::Rule;

    let rule = match scoring {
        Scoring::Consistency { daily_target_servings } => Rule::Consistency(pb::ConsistencyScoring { daily_target_servings }),
        Scoring::Variety { daily_cap } => Rule::Variety(pb::VarietyScoring { daily_cap }),
        Scoring::Seasonal { fruits, daily_cap } => Rule::Seasonal(pb::SeasonalScoring { fruits, daily_cap }),
        Scoring::GoalBased { unit, points_per_unit, daily_cap } => {
            Rule::GoalBased(pb::GoalScoring { unit, points_per_unit, daily_cap })
        }
    };
    pb::Scoring { rule: Some(rule) }
}

pub(crate) fn participant(participant: Participant) -> pb::Participant {
    let status = match participant.completion_status {
        CompletionStatus::Active => pb::CompletionStatus::Active,
        CompletionStatus::Completed => pb::CompletionStatus::Completed,
        CompletionStatus::Failed => pb::CompletionStatus::Failed,
        CompletionStatus::Withdrawn => pb::CompletionStatus::Withdrawn,
    };
    pb::Participant {
        challenge_id: participant.challenge_id.to_string(),
        user_id: participant.user_id.to_string(),
        completion_status: status.into(),
        final_score: participant.final_score,
        join_time: Some(timestamp_to_wire(participant.joined_at)),
        is_visible: participant.is_visible,
    }
}
