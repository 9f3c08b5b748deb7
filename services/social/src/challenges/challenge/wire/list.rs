//! Lists of challenges as asked for.

use chrono::Datelike as _;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageKey, PageRequest, Violations, read};
use uuid::Uuid;

use crate::challenges::challenge::ChallengeType;
use crate::challenges::challenge::store::{Filter, Listed, Phase};

/// Most words that are looked for.
const WORDS: usize = 10;

impl PageKey for Listed {
    fn is_plausible(&self) -> bool {
        self.featured_priority >= 0 && self.start_date.is_none_or(|first| (1..=9999).contains(&first.year()))
    }
}

pub(in crate::challenges::challenge) fn list(
    request: &pb::ListChallengesRequest,
    viewer: Uuid,
) -> Result<(Filter, PageRequest<Listed>), Violations> {
    let mut fields = Fields::default();
    let phase = fields.read("phase", read_phase(request.phase));
    let of = fields.read("challenge_type", read_type(request.challenge_type));
    let difficulty = fields.read("difficulty_level", read::within(request.difficulty_level, 0..=5));
    let text = fields.read("text", read_words(&request.text));
    let asked = (request.phase, request.challenge_type, request.difficulty_level, &request.text);
    let page =
        PageRequest::read(&mut fields, format!("ListChallenges {viewer} {asked:?}"), request.page_size, &request.page_token);
    fields.finish(|| {
        let difficulty_level = Some(difficulty?).filter(|level| *level > 0);
        Ok((Filter { phase: phase?, challenge_type: of?, difficulty_level, words: text? }, page?))
    })
}

fn read_phase(phase: i32) -> Result<Phase, String> {
    match pb::ChallengePhase::try_from(phase) {
        Ok(pb::ChallengePhase::Unspecified) => Ok(Phase::NotOver),
        Ok(pb::ChallengePhase::Active) => Ok(Phase::Active),
        Ok(pb::ChallengePhase::Upcoming) => Ok(Phase::Upcoming),
        Err(_) => Err(format!("has no value {phase}")),
    }
}

fn read_type(of: i32) -> Result<Option<ChallengeType>, String> {
    match pb::ChallengeType::try_from(of) {
        Ok(pb::ChallengeType::Unspecified) => Ok(None),
        Ok(pb::ChallengeType::Consistency) => Ok(Some(ChallengeType::Consistency)),
        Ok(pb::ChallengeType::Variety) => Ok(Some(ChallengeType::Variety)),
        Ok(pb::ChallengeType::Seasonal) => Ok(Some(ChallengeType::Seasonal)),
        Ok(pb::ChallengeType::GoalBased) => Ok(Some(ChallengeType::GoalBased)),
        Err(_) => Err(format!("has no value {of}")),
    }
}

fn read_words(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<String> = read::text(text, 0..=100)?.split_whitespace().map(str::to_owned).collect();
    if words.len() > WORDS { Err(format!("must have at most {WORDS} words")) } else { Ok(words) }
}

/// Where a challenge stands in a list.
pub(in crate::challenges::challenge) fn listed(challenge: &crate::challenges::challenge::Challenge) -> Listed {
    Listed { featured_priority: challenge.featured_priority, start_date: challenge.terms.start_date, id: challenge.id }
}
