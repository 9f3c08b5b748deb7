//! Reading the terms of challenges.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read};
use orchard_server::{Role, User};
use uuid::Uuid;

use super::conditions::{read_criteria, read_requirements};
use super::scoring::read_scoring;
use crate::challenges::challenge::{Patch, Terms};
use crate::challenges::reward::wire::read_rewards;
use crate::error::Error;

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

/// Reads the terms of a challenge to create.
pub(in crate::challenges::challenge) fn new_challenge(
    request: &pb::CreateChallengeRequest,
    caller: &User,
    currency: &Currency,
) -> Result<(Key, Terms), Error> {
    let mut fields = Fields::default();
    let name = fields.read("challenge_name", read_name(&request.challenge_name));
    let description = fields.read("description", read_description(&request.description));
    let difficulty = fields.read("difficulty_level", read::within_or(request.difficulty_level, 1, 1..=5));
    let duration = fields.read("duration_days", read_duration(request.duration_days));
    let seats = fields.read("max_participants", read_seats(request.max_participants));
    let start = fields.read("start_date", read::optional_date(request.start_date));
    let scoring = read_scoring(&mut fields, request.scoring.clone());
    let requirements = read_requirements(&mut fields, request.entry_requirements.clone());
    let criteria = read_criteria(&mut fields, request.success_criteria);
    let rewards = read_rewards(&mut fields, request.reward_structure.clone(), currency);
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    let (key, terms) = fields.finish(|| {
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
        Ok((Key::new(caller.id, "CreateChallenge", request_id?, Keep::Days30, request), terms))
    })?;
    terms.check(caller.is(Role::Operator), "")?;
    Ok((key, terms))
}

/// Reads a change of terms.
pub(in crate::challenges::challenge) fn update(
    request: pb::UpdateChallengeRequest,
    currency: &Currency,
) -> Result<(Uuid, Patch), Error> {
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
    Ok(fields.finish(|| {
        paths?;
        read?
    })?)
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
    let scoring = names("scoring").then(|| read_scoring(fields, challenge.scoring)).transpose();
    let requirements = names("entry_requirements").then(|| read_requirements(fields, challenge.entry_requirements)).transpose();
    let criteria = names("success_criteria").then(|| read_criteria(fields, challenge.success_criteria)).transpose();
    let rewards = names("reward_structure").then(|| read_rewards(fields, challenge.reward_structure, currency)).transpose();
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
